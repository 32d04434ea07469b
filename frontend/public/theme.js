// Before the first paint: the theme chosen on this device, if one was.
try {
  const chosen = localStorage.getItem("learnflow.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // no storage: the system's theme it is
}
