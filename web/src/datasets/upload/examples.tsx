import type { ReactNode } from 'react';
import { UploadProblem } from './api';
import type { UploadProgress } from './engine';
import { DropArea, UploadStatus } from './UploadPanel';
import { uploadWordsEn as words } from './words';

const base: UploadProgress = {
  state: 'running', problem: null, waitsForNetwork: false, files: 12_480, done: 7_312, present: 96, failed: 0, leftOut: 3, checking: 88, bytes: 5_310_000_000, bytesDone: 3_204_000_000,
  bytesPerSecond: 18_400_000, filesPerSecond: 43, secondsLeft: 118, failures: [], archives: [],
};
const failures = [
  { path: 'line-3/plates/img_0021.png', reason: { detail: 'The file is truncated. Export it again and upload it.' } },
  { path: 'line-3/plates/con.png', reason: { detail: "'con.png' is a name that Windows reserves." } },
  { path: 'line-3/plates/img_0944.png', reason: { local: 'unreadable' as const } },
];

const show = (progress: Partial<UploadProgress>) => () => (
  <UploadStatus progress={{ ...base, ...progress }} words={words} onPause={() => {}} onResume={() => {}} onCancel={() => {}} onRetry={() => {}} onClose={() => {}} />
);

/** What the gallery shows of uploads. */
export const uploadExamples: { name: string; render: () => ReactNode }[] = [
  { name: 'Nothing dropped yet', render: () => <DropArea words={words} reading={null} compact={false} onFiles={() => {}} /> },
  { name: 'A folder is read', render: () => <DropArea words={words} reading={4_500} compact={false} onFiles={() => {}} /> },
  { name: 'Uploading', render: show({}) },
  { name: 'Paused', render: show({ state: 'paused', bytesPerSecond: 0, filesPerSecond: 0, secondsLeft: null }) },
  { name: 'The network is away', render: show({ waitsForNetwork: true, bytesPerSecond: 0, filesPerSecond: 0, secondsLeft: null }) },
  { name: 'Stopped by a quota', render: show({ state: 'stopped', problem: new UploadProblem(403, 'QUOTA_EXCEEDED', 'The organization may store 50 GB, and 49.9 GB are in use. Remove what is not needed, or ask for more.') }) },
  { name: 'Finished', render: show({ state: 'finished', done: 12_384, bytesDone: base.bytes, checking: 0 }) },
  { name: 'Finished with errors', render: show({ state: 'finished', done: 12_381, failed: 3, bytesDone: base.bytes, checking: 0, failures }) },
  {
    name: 'An archive is unpacked',
    render: show({
      files: 0, done: 0, present: 0, leftOut: 0, checking: 0, bytes: 812_000_000, bytesDone: 812_000_000, secondsLeft: null,
      archives: [
        { name: 'plates.zip', size: 700_000_000, state: 'unpacking', sent: 700_000_000, error: null, progress: { id: 'a', state: 'unpacking', entries: 9_200, done: 3_100, taken: 3_080, skipped: 20, refused: 0, error: null } },
        { name: 'old.tar.gz', size: 112_000_000, state: 'failed', sent: 112_000_000, error: 'The archive ends in the middle of a file. Make it again and upload it.', progress: null },
      ],
    }),
  },
];
