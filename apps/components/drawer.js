// Closes the menu's drawer of a narrow window when a page comes: it would cover most of the page.

const NARROW = 768; // CSS pixels below which Streamlit lays the drawer over the page

export default function ({ data }) {
  if (window.neuralArcadePage !== data.page && window.innerWidth < NARROW) {
    const drawer = document.querySelector('[data-testid="stSidebar"][data-collapsed="false"]');
    drawer?.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
  }
  window.neuralArcadePage = data.page;
}
