/** "2 × NVIDIA A100, cpu": the devices that a trainer names, equal ones counted; null when it names none. */
export function devicesText(devices: readonly unknown[] | null): string | null {
  if (devices === null || devices.length === 0) return null;
  const counts = new Map<string, number>();
  for (const device of devices) {
    const { name, type } = (device ?? {}) as { name?: unknown; type?: unknown };
    const text = typeof name === 'string' && name !== '' ? name : typeof type === 'string' ? type : JSON.stringify(device);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => (count > 1 ? `${count} × ${text}` : text)).join(', ');
}
