export { UploadProblem, type UploadApi } from './api';
export { UploadPanel } from './UploadPanel';
export { activeUploads, useUploads } from './useUploads';
export { uploadWordsEn, uploadWordsKo, type UploadWords } from './words';
