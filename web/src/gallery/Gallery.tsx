import { Rocket } from 'lucide-react';
import { useState } from 'react';
import { ProblemError } from '../api/problem';
import { Badge, StatusIndicator } from '../parts/Badge';
import { Button } from '../parts/Button';
import { CopyText } from '../parts/CopyText';
import { ConfirmDialog, Dialog } from '../parts/Dialog';
import { CheckField, Fields, SelectField, TextArea, TextField } from '../parts/Field';
import { Menu } from '../parts/Menu';
import { Card, Facts, Page, Row, Stack } from '../parts/Page';
import { Progress } from '../parts/Progress';
import { Empty, ErrorState, ProblemNote, Skeleton } from '../parts/States';
import { Table } from '../parts/Table';
import { Segments } from '../parts/Tabs';
import { notify, notifyProblem } from '../parts/Toast';
import { Tooltip } from '../parts/Tooltip';
import { UserAvatarCard } from '../parts/UserAvatarCard';

const failure = new ProblemError(503, 'DATABASE_UNAVAILABLE', 'The database does not answer.', null);
const people = [
  { email: 'ann@example.com', fullName: 'Ann Smith', initials: 'AS', badgeColor: '#1d4ed8' },
  { email: 'bo@example.com', fullName: null, initials: 'B', badgeColor: '#b91c1c' },
];

/** All parts on one page, to see them beside each other. For people who build the console, so it is in English. */
export function Gallery() {
  const [open, setOpen] = useState<'dialog' | 'confirm' | null>(null);
  const [segment, setSegment] = useState<'day' | 'week' | 'month'>('day');
  const [checked, setChecked] = useState(true);
  return (
    <Page title="Parts" subtitle="Everything that screens are built from." actions={<><Button onClick={() => notify('The export is started.')}>Notice</Button><Button look="primary" onClick={() => notifyProblem(failure)}>Problem</Button></>}>
      <Card title="Buttons and menus">
        <Row gap={3}>
          <Button look="primary">Primary</Button><Button>Plain</Button><Button look="quiet">Quiet</Button><Button look="danger">Danger</Button>
          <Button look="primary" busy>Busy</Button><Button disabled>Disabled</Button><Button size="small">Small</Button><Button icon={<Rocket />}>With icon</Button>
          <Menu items={[{ label: 'Rename', onSelect: () => undefined }, { label: 'Export', onSelect: () => undefined, disabledBecause: 'Your role does not include exports:run.' }, null, { label: 'Delete', danger: true, onSelect: () => undefined }]} />
          <Tooltip text="A word of help"><Button look="quiet">Tooltip</Button></Tooltip>
          <Segments label="Range" value={segment} onChange={setSegment} options={[{ value: 'day', label: 'Day' }, { value: 'week', label: 'Week' }, { value: 'month', label: 'Month' }]} />
        </Row>
      </Card>
      <Card title="States of things">
        <Row gap={4}>
          <Badge>neutral</Badge><Badge tone="good">good</Badge><Badge tone="warn">attention</Badge><Badge tone="bad">failure</Badge><Badge tone="info">running</Badge><Badge tone="accent">chosen</Badge>
          <StatusIndicator tone="info" live>Running</StatusIndicator><StatusIndicator tone="good">Completed</StatusIndicator><StatusIndicator tone="bad">Failed</StatusIndicator>
        </Row>
      </Card>
      <Card title="Progress"><Stack gap={3}><Progress value={0.42} label="Epoch 42 of 100" /><Progress label="Waiting" /><Progress value={1} tone="good" label="Done" /></Stack></Card>
      <Card title="Fields">
        <Fields>
          <TextField label="Name" hint="At most 200 characters." defaultValue="Steel plates" />
          <TextField label="Name with an error" error="A project of yours has this name." defaultValue="steel plates" />
          <TextArea label="Description" />
          <SelectField label="Format" value="onnx" onChange={() => undefined} options={[{ value: 'onnx', label: 'ONNX' }, { value: 'trt', label: 'TensorRT', disabled: true }]} />
          <CheckField label="Early stopping" hint="Ends when the metric no longer rises." checked={checked} onChange={setChecked} />
        </Fields>
      </Card>
      <Card title="Facts"><Facts items={[['Framework', 'torchvision'], ['Architecture', 'resnet18'], ['Checkpoint', <CopyText key="c" text="01995b5e-0a00-7000-8000-000000000001" short />]]} /></Card>
      <Card title="Table" flush>
        <Table label="People" rows={people} rowKey={(row) => row.email} columns={[{ key: 'who', title: 'Person', cell: (row) => <UserAvatarCard person={row} /> }, { key: 'jobs', title: 'Jobs', right: true, cell: () => 12 }]} />
      </Card>
      <Card title="Loading"><Skeleton lines={4} /></Card>
      <Card title="Empty"><Empty icon={<Rocket />} title="Nothing is deployed yet" action={<Button look="primary">Choose an export</Button>}>A deployment answers predictions.</Empty></Card>
      <Card title="Error"><ErrorState error={failure} onRetry={() => undefined} /></Card>
      <Card title="Problem at an action"><ProblemNote error={failure} /></Card>
      <Card title="Dialogs"><Row><Button onClick={() => setOpen('dialog')}>Dialog</Button><Button look="danger" onClick={() => setOpen('confirm')}>Confirmation</Button></Row></Card>
      <Dialog open={open === 'dialog'} onClose={() => setOpen(null)} title="New project" description="A project holds datasets, jobs and models." onSubmit={() => setOpen(null)} footer={<><Button onClick={() => setOpen(null)}>Cancel</Button><Button look="primary" type="submit">Create project</Button></>}>
        <TextField label="Name" required />
      </Dialog>
      <ConfirmDialog open={open === 'confirm'} onClose={() => setOpen(null)} title="Delete the project?" confirm="Delete project" typed="Steel plates" onConfirm={() => setOpen(null)}>
        2 datasets with 12,400 images, 31 jobs and 4 models are deleted. Nobody can bring them back.
      </ConfirmDialog>
    </Page>
  );
}
