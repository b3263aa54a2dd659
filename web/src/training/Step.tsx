import type { ReactNode } from 'react';
import { Card } from '../parts/Page';
import styles from './NewJob.module.css';

/** A numbered part of a form. */
export const Step = ({ number: position, title, children }: { number: number; title: string; children: ReactNode }) => (
  <Card title={<span className={styles.stepTitle}><span className={styles.stepNumber} aria-hidden="true">{position}</span>{title}</span>}>{children}</Card>
);
