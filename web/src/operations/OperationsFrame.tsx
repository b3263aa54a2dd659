import { ArrowRightLeft, Plus, ShieldAlert } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useMay, usePermissions } from '../api/permissions';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { Menu } from '../parts/Menu';
import { Page } from '../parts/Page';
import { Empty, Skeleton } from '../parts/States';
import { LinkTabs } from '../parts/Tabs';
import { StartDialog, type Start } from './StartDialogs';
import { operationWords } from './words';

/** Title, tabs and the menu that starts operations. */
export function OperationsFrame({ children }: { children: ReactNode }) {
  const words = useWords(operationWords);
  const known = usePermissions().data !== undefined;
  const may = useMay();
  const [start, setStart] = useState<Start | null>(null);
  if (known && !may('operations:read')) return <Page title={words.operations}><Empty icon={<ShieldAlert />} title={words.mayNot}>{words.mayNotText}</Empty></Page>;
  const item = (label: string, kind: Start['kind']) => ({ label, icon: <ArrowRightLeft />, onSelect: () => setStart({ kind }) });
  return (
    <Page
      title={words.operations}
      actions={may('operations:run') && (
        <Menu
          trigger={<Button look="primary" icon={<Plus />}>{words.start}</Button>}
          items={[item(words.startCopy, 'copy'), item(words.startRestore, 'restore'), item(words.startSync, 'sync'), null, item(words.startComparison, 'compare'), item(words.startStorageComparison, 'compareStorage')]}
        />
      )}
    >
      <LinkTabs label={words.parts} tabs={[
        { label: words.backups, to: '/operations', activeOptions: { exact: true } },
        { label: words.history, to: '/operations/history', activeOptions: { includeSearch: false } },
        { label: words.locations, to: '/operations/locations' },
      ]} />
      {known ? children : <Skeleton lines={6} height={40} />}
      {start !== null && <StartDialog start={start} onClose={() => setStart(null)} />}
    </Page>
  );
}
