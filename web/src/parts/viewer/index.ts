export { ImageViewer } from './ImageViewer';
export { type ImageObject } from './objects';
