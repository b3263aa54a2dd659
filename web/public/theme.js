// Runs before the first paint, so that a dark page does not flash white.
(() => {
  const chosen = localStorage.getItem('theme');
  const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  const language = localStorage.getItem('language') ?? (navigator.language.startsWith('ko') ? 'ko' : 'en');
  document.documentElement.lang = language === 'ko' ? 'ko' : 'en';
})();
