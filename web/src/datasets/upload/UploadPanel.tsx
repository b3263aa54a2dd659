import { Archive, CircleCheck, CircleX, CloudUpload, Pause, Play, TriangleAlert, WifiOff, X } from 'lucide-react';
import { useRef, useState, type DragEvent } from 'react';
import type { UploadApi } from './api';
import type { Reason, UploadProgress } from './engine';
import { useUploads } from './useUploads';
import type { UploadWords } from './words';
import styles from './UploadPanel.module.css';

/** Where files are dropped, and how far they are. */
export function UploadPanel({ datasetId, api, words, onImages }: { datasetId: string; api: UploadApi; words: UploadWords; onImages?: () => void }) {
  const { progress, reading, unreadable, add, engine, close } = useUploads(datasetId, api, onImages);
  return (
    <div className={styles.panel}>
      {engine && progress && progress.state !== 'idle' && (
        <UploadStatus progress={progress} words={words} onPause={() => engine.pause()} onResume={() => engine.resume()} onCancel={() => void engine.cancel()} onRetry={path => engine.retry(path)} onClose={close} />
      )}
      <DropArea words={words} reading={reading} unreadable={unreadable} compact={progress !== null && progress.state !== 'idle'} onFiles={files => void add(files)} />
    </div>
  );
}

/** Takes files that are dropped or chosen. */
export function DropArea({ words, reading, unreadable = false, compact, onFiles }: {
  words: UploadWords;
  /** Number of files found so far while a folder is read; null otherwise. */
  reading: number | null;
  unreadable?: boolean;
  compact: boolean;
  onFiles: (source: DataTransfer | FileList) => void;
}) {
  const [over, setOver] = useState(0);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const hasFiles = (event: DragEvent) => event.dataTransfer.types.includes('Files');
  const chosen = (input: HTMLInputElement) => {
    if (input.files?.length) onFiles(input.files);
    input.value = '';
  };
  return (
    <div
      className={`${styles.drop} ${over > 0 ? styles.over : ''} ${compact ? styles.compact : ''}`}
      onDragEnter={event => hasFiles(event) && (event.preventDefault(), setOver(over + 1))} onDragLeave={() => setOver(Math.max(0, over - 1))}
      onDragOver={event => hasFiles(event) && (event.preventDefault(), (event.dataTransfer.dropEffect = 'copy'))}
      onDrop={event => {
        event.preventDefault();
        setOver(0);
        if (hasFiles(event)) onFiles(event.dataTransfer);
      }}
    >
      <CloudUpload size={compact ? 20 : 28} strokeWidth={1.5} aria-hidden="true" />
      <p className={styles.invite} role="status">{reading === null ? words.drop : words.reading(reading)}</p>
      {!compact && <p className={styles.hint}>{words.dropHint}</p>}
      {unreadable && <p className={styles.unreadable} role="alert">{words.reasons.unreadable}</p>}
      <div className={styles.choose}>
        <button type="button" onClick={() => files.current?.click()}>{words.chooseFiles}</button>
        <button type="button" onClick={() => folder.current?.click()}>{words.chooseFolder}</button>
      </div>
      <input ref={files} type="file" multiple hidden accept="image/*,.tif,.tiff,.zip,.tar,.tgz,.gz,.zst" onChange={event => chosen(event.currentTarget)} />
      <input ref={folder} type="file" multiple hidden {...{ webkitdirectory: '' }} onChange={event => chosen(event.currentTarget)} />
    </div>
  );
}

/** How far an upload is, and what can be done about it. */
export function UploadStatus({ progress, words, onPause, onResume, onCancel, onRetry, onClose }: {
  progress: UploadProgress;
  words: UploadWords;
  onPause: () => void;
  onResume: () => void;
  onCancel: () => void;
  /** Of one file, or of all that failed. */
  onRetry: (path?: string) => void;
  onClose: () => void;
}) {
  const [asks, setAsks] = useState(false);
  const { state } = progress;
  const isOver = state === 'finished' || state === 'cancelled';
  const failedArchives = progress.archives.filter(archive => archive.state === 'failed').length;
  const failed = progress.failed + failedArchives;
  const share = progress.bytes === 0 ? (isOver ? 1 : 0) : progress.bytesDone / progress.bytes;
  const unpacking = progress.archives.find(archive => archive.state === 'unpacking');
  const title = state === 'finished' ? (failed > 0 ? words.finishedWithErrors(failed) : words.finished)
    : state === 'cancelled' ? words.cancelled
      : state === 'paused' || state === 'stopped' ? words.paused
        : unpacking && share >= 1 ? words.unpacking(unpacking.name)
          : share >= 1 ? words.finishing : words.uploading;
  const tone = state === 'stopped' ? styles.bad : state === 'finished' ? (failed > 0 ? styles.warn : styles.good) : state === 'running' ? styles.busy : styles.still;
  const counts = [
    progress.done > 0 && words.uploaded(progress.done), progress.present > 0 && words.alreadyThere(progress.present),
    failed > 0 && words.failed(failed), progress.leftOut > 0 && words.leftOut(progress.leftOut),
  ].filter(Boolean).join(' · ');
  return (
    <section className={`${styles.status} ${tone}`} aria-label={title}>
      <header className={styles.head}>
        {state === 'finished' && (failed > 0 ? <TriangleAlert size={18} aria-hidden="true" /> : <CircleCheck size={18} aria-hidden="true" />)}
        <h3 role="status">{title}</h3>
        <div className={styles.tools}>
          {state === 'running' && <button type="button" onClick={onPause}><Pause size={14} aria-hidden="true" /> {words.pause}</button>}
          {(state === 'paused' || state === 'stopped') && <button type="button" className={styles.main} onClick={onResume}><Play size={14} aria-hidden="true" /> {words.resume}</button>}
          {!isOver && <button type="button" onClick={() => setAsks(true)}>{words.cancel}</button>}
          {isOver && <button type="button" aria-label={words.close} title={words.close} onClick={onClose}><X size={16} aria-hidden="true" /></button>}
        </div>
      </header>
      <div className={styles.track} role="progressbar" aria-label={title} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.floor(share * 100)}>
        <i style={{ transform: `scaleX(${share})` }} />
      </div>
      <p className={styles.figures}>
        {progress.files > 0 && <span>{words.progress(progress.done + progress.present + progress.failed, progress.files)}</span>}
        <span>{bytes(progress.bytesDone)} / {bytes(progress.bytes)}</span>
        {state === 'running' && share < 1 && progress.bytesPerSecond > 0 && <span>{words.speed(bytes(progress.bytesPerSecond), Math.round(progress.filesPerSecond))}</span>}
        {state === 'running' && share < 1 && progress.secondsLeft !== null && <span>{words.remaining(duration(progress.secondsLeft, words))}</span>}
      </p>
      <p className={styles.counts}>{counts || '\u00a0'}</p>
      {asks && !isOver && (
        <div className={styles.notice} role="alertdialog" aria-label={words.cancelQuestion}>
          <div><b>{words.cancelQuestion}</b> {words.cancelKeeps}</div>
          <div className={styles.tools}>
            <button type="button" autoFocus onClick={() => setAsks(false)}>{words.keepGoing}</button>
            <button type="button" className={styles.danger} onClick={() => (setAsks(false), onCancel())}>{words.cancel}</button>
          </div>
        </div>
      )}
      {progress.waitsForNetwork && <p className={styles.notice} role="status"><WifiOff size={16} aria-hidden="true" /> {words.waitingForNetwork}</p>}
      {state === 'stopped' && progress.problem && <p className={`${styles.notice} ${styles.problem}`} role="alert"><CircleX size={16} aria-hidden="true" /> {progress.problem.message}</p>}
      {progress.archives.length > 0 && (
        <ul className={styles.archives}>
          {progress.archives.map(archive => (
            <li key={archive.name}>
              <Archive size={16} aria-hidden="true" />
              <span className={styles.path}>{archive.name}</span>
              <span className={archive.state === 'failed' ? styles.reason : styles.quiet}>{archiveText(archive, words)}</span>
              {archive.state === 'failed' && <button type="button" onClick={() => onRetry(archive.name)}>{words.retry}</button>}
            </li>
          ))}
        </ul>
      )}
      {progress.failures.length > 0 && (
        <details className={styles.failures} open={state === 'finished' && progress.failures.length <= 20}>
          <summary>{words.failedFiles} <b>{progress.failed.toLocaleString()}</b></summary>
          <ul tabIndex={0} aria-label={words.failedFiles}>
            {progress.failures.map(({ path, reason }) => (
              <li key={path}>
                <span className={styles.path} title={path}>{path}</span>
                <span className={styles.reason}>{reasonText(reason, words)}</span>
                <button type="button" aria-label={`${words.retry}: ${path}`} onClick={() => onRetry(path)}>{words.retry}</button>
              </li>
            ))}
            {progress.failed > progress.failures.length && <li className={styles.quiet}>{words.moreFailed(progress.failed - progress.failures.length)}</li>}
          </ul>
          <button type="button" onClick={() => onRetry()}>{words.retryAll(progress.failed)}</button>
        </details>
      )}
      {state === 'running' && <p className={styles.quiet}>{words.resumeHint}</p>}
    </section>
  );
}

const reasonText = (reason: Reason, words: UploadWords) => ('local' in reason ? words.reasons[reason.local] : reason.detail);

function archiveText({ state, sent, size, progress, error }: UploadProgress['archives'][number], words: UploadWords): string {
  if (state === 'failed') return error === 'unreadable' ? words.reasons.unreadable : (error ?? '');
  if (state === 'done' && progress) return words.archiveDone(progress.taken, progress.skipped, progress.refused);
  if (state === 'unpacking') return progress?.entries ? words.progress(progress.done, progress.entries) : words.unpacking('…');
  return `${bytes(sent)} / ${bytes(size)}`;
}

function duration(seconds: number, words: UploadWords): string {
  if (seconds < 90) return words.seconds(Math.max(1, Math.round(seconds)));
  return seconds < 5400 ? words.minutes(Math.round(seconds / 60)) : words.hours(Math.round(seconds / 360) / 10);
}

function bytes(value: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  const step = value < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const amount = value / 1000 ** step;
  return new Intl.NumberFormat(document.documentElement.lang || 'en', { style: 'unit', unit: units[step]!, unitDisplay: 'short', maximumFractionDigits: amount < 10 && step > 0 ? 1 : 0 }).format(amount);
}
