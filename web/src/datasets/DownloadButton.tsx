import { Download, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { percent } from '../app/format';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { notify, notifyProblem } from '../parts/Toast';
import { download } from './download';
import { versionWords } from './versionWords';

/** Saves a version as a ZIP and shows how far it is. Leaving the page stops it. */
export function DownloadButton({ datasetId, versionId, name }: { datasetId: string; versionId: string; name: string }) {
  const words = useWords(versionWords);
  const [share, setShare] = useState<number | null>(null);
  const running = useRef<AbortController | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => () => running.current?.abort(), []);
  const start = async (): Promise<void> => {
    const abort = (running.current = new AbortController());
    setBusy(true);
    setShare(null);
    let told = 0;
    try {
      const saved = await download(`/api/v1/datasets/${datasetId}/versions/${versionId}/archive`, name, (next) => {
        // Once a percent is often enough for people.
        if (next === null || next - told < 0.01) return;
        told = next;
        setShare(next);
      }, abort.signal);
      if (saved) notify(words.downloaded(name));
    } catch (error) {
      if (!abort.signal.aborted) notifyProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return busy
    ? <Button icon={<X />} title={words.cancelDownload} aria-label={words.cancelDownload} onClick={() => running.current?.abort()}>{words.downloading(share === null ? '…' : percent(share, 0))}</Button>
    : <Button icon={<Download />} onClick={() => void start()}>{words.download}</Button>;
}
