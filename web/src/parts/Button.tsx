import { Link, type LinkProps } from '@tanstack/react-router';
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import styles from './Button.module.css';
import { classes } from './classes';

type Look = {
  /** `primary`: the one main action of a page. `danger`: destroys something. `quiet`: no border, in tables and toolbars. */
  look?: 'primary' | 'plain' | 'quiet' | 'danger';
  size?: 'small' | 'medium';
  icon?: ReactNode;
};

/** A button. While `busy`, it keeps its width, shows that it works and takes no clicks. */
export function Button({ look = 'plain', size = 'medium', icon, busy = false, disabled, className, children, type = 'button', ...rest }: Look & { busy?: boolean } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button type={type} className={classes(styles.button, styles[look], styles[size], children === undefined && styles.square, className)} disabled={disabled === true || busy} aria-busy={busy || undefined} {...rest}>
      {busy ? <span className={styles.spinner} aria-hidden="true" /> : icon}
      {children !== undefined && <span className={styles.label}>{children}</span>}
    </button>
  );
}

/** A link that looks like a button, for going to a page. */
export function ButtonLink({ look = 'plain', size = 'medium', icon, children, ...rest }: Look & { children: ReactNode } & LinkProps) {
  return (
    <Link className={classes(styles.button, styles[look], styles[size])} {...rest}>
      {icon}
      <span className={styles.label}>{children}</span>
    </Link>
  );
}
