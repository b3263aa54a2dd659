import styles from './Projects.module.css';

/** A project at a glance. */
export const ProjectCard = ({ name, description, note }: { name: string; description: string | null; note: string }) => (
  <article className={styles.card}>
    <h3>{name}</h3>
    <p className={styles.description}>{description ?? ''}</p>
    <p className={styles.note}>{note}</p>
  </article>
);
