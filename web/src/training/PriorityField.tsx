import type { JobPriority } from '../api/schema';
import { useWords } from '../app/words';
import { SelectField } from '../parts/Field';
import { jobPriorities } from './jobs';
import { trainingWords } from './words';

/** Chooses the priority of the jobs that a form makes. */
export function PriorityField({ value, onChange }: { value: JobPriority; onChange: (priority: JobPriority) => void }) {
  const words = useWords(trainingWords);
  return (
    <SelectField
      label={words.priority} hint={words.priorityHint} value={value} options={jobPriorities.map((priority) => ({ value: priority, label: words.priorities[priority] }))}
      onChange={(priority) => onChange(priority as JobPriority)}
    />
  );
}
