import { MoreHorizontal } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';
import { useWords } from '../app/words';
import { Button } from './Button';
import styles from './Menu.module.css';
import { partWords } from './words';

export type MenuItem = {
  label: string;
  icon?: ReactNode;
  onSelect: () => void;
  danger?: boolean;
  /** Why it cannot be chosen now; shown below its name. */
  disabledBecause?: string | undefined;
};

/** Actions behind a button; without `trigger` behind three dots. A null draws a line. */
export function Menu({ items, trigger, label }: { items: (MenuItem | null)[]; trigger?: ReactNode; label?: string }) {
  const words = useWords(partWords);
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>{trigger ?? <Button look="quiet" size="small" icon={<MoreHorizontal />} aria-label={label ?? words.menu} />}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={styles.menu} align="end" sideOffset={4} collisionPadding={8}>
          {items.map((item, index) => item === null
            ? <DropdownMenu.Separator key={`line-${index}`} className={styles.line} />
            : (
              <DropdownMenu.Item key={item.label} className={styles.item} data-danger={item.danger || undefined} disabled={item.disabledBecause !== undefined} onSelect={item.onSelect}>
                {item.icon}
                <span>{item.label}{item.disabledBecause !== undefined && <small>{item.disabledBecause}</small>}</span>
              </DropdownMenu.Item>
            ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
