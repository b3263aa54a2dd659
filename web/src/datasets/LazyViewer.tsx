import { lazy, Suspense, type ComponentProps } from 'react';
import { useWords } from '../app/words';
import type { ImageViewer } from '../parts/viewer';
import styles from './Images.module.css';
import { imageWords } from './imageWords';

const Viewer = lazy(async () => ({ default: (await import('../parts/viewer')).ImageViewer }));

/** The viewer of images, loaded when the first one is opened. Its place has its size before. */
export function LazyViewer(props: ComponentProps<typeof ImageViewer>) {
  const words = useWords(imageWords);
  return <Suspense fallback={<div className={styles.viewerPlace} style={{ height: props.height ?? 480 }} role="status">{words.loadingViewer}</div>}><Viewer {...props} /></Suspense>;
}
