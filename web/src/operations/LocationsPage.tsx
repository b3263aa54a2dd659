import { api } from '../api/client';
import { useWords } from '../app/words';
import { StatusIndicator } from '../parts/Badge';
import { Card, Stack } from '../parts/Page';
import { Empty, ErrorState, Skeleton } from '../parts/States';
import { Table } from '../parts/Table';
import styles from './Operations.module.css';
import { OperationsFrame } from './OperationsFrame';
import { operationWords } from './words';

/** The names that operations can use. */
export function LocationsPage() {
  return <OperationsFrame><Locations /></OperationsFrame>;
}

function Locations() {
  const words = useWords(operationWords);
  const locations = api.useQuery('get', '/api/v1/operations/locations');
  if (locations.isError && locations.data === undefined) return <ErrorState error={locations.error} onRetry={() => void locations.refetch()} />;
  const { databases, buckets, inUse = [] } = locations.data ?? {};
  return (
    <Stack>
      <p className={styles.hint}>{words.locationsText}</p>
      {([[words.databases, databases], [words.buckets, buckets]] as const).map(([title, names]) => (
        <Card key={title} flush title={title}>
          {names === undefined ? <div className={styles.facts}><Skeleton lines={3} height={24} /></div> : names.length === 0 ? <Empty title={words.noLocations} /> : (
            <Table label={title} rows={names} rowKey={(name) => name} columns={[
              { key: 'name', title: words.name, cell: (name) => <code>{name}</code> },
              { key: 'state', title: words.state, cell: (name) => (inUse.includes(name) ? <StatusIndicator tone="accent">{words.used}</StatusIndicator> : <StatusIndicator tone="neutral">{words.free}</StatusIndicator>) },
            ]} />
          )}
        </Card>
      ))}
    </Stack>
  );
}
