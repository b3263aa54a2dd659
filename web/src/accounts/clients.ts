/** A name for people of the program that a `User-Agent` header names: "Firefox 140 · Linux"; the text itself when it is no browser's. */
export function clientName(userAgent: string | null): string | null {
  if (userAgent === null) return null;
  const browser = /(Edg|OPR|SamsungBrowser|Firefox|FxiOS|CriOS|HeadlessChrome|Chrome)\/(\d+)/.exec(userAgent) ?? (userAgent.includes('Safari/') ? /(Version)\/(\d+)/.exec(userAgent) : null);
  if (browser === null) return userAgent;
  // Browsers made from Chrome name Chrome first and themselves last.
  const own = /(Edg|OPR|SamsungBrowser)\/(\d+)/.exec(userAgent) ?? browser;
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', SamsungBrowser: 'Samsung Internet', FxiOS: 'Firefox', CriOS: 'Chrome', HeadlessChrome: 'Chrome', Version: 'Safari' };
  const system = /Android|iPhone|iPad|Windows|Mac OS X|CrOS|Linux/.exec(userAgent)?.[0];
  return [`${names[own[1]!] ?? own[1]} ${own[2]}`, system === 'Mac OS X' ? 'macOS' : system === 'CrOS' ? 'ChromeOS' : system].filter(Boolean).join(' · ');
}
