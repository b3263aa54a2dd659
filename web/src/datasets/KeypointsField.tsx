import { Plus, X } from 'lucide-react';
import { useState } from 'react';
import { useWords } from '../app/words';
import { Button } from '../parts/Button';
import { SelectField } from '../parts/Field';
import fieldStyles from '../parts/Field.module.css';
import styles from './Datasets.module.css';
import { NameList } from './NameList';
import { personKeypoints } from './names';
import { datasetWords } from './words';

export type Keypoints = { names: string[]; skeleton: [from: number, to: number][] };

/** Names of keypoints and the lines between them. */
export function KeypointsField({ value, error, onChange }: { value: Keypoints; error?: string | undefined; onChange: (value: Keypoints) => void }) {
  const words = useWords(datasetWords);
  const [from, setFrom] = useState(0);
  const [to, setTo] = useState(1);
  const named = value.names.map((name, index) => ({ value: String(index), label: name.trim() === '' ? words.keypointName(index + 1) : name }));
  const nameOf = (index: number): string => named[index]?.label ?? '?';
  const isLine = value.skeleton.some(([a, b]) => (a === from && b === to) || (a === to && b === from));
  // Names keep their place while they are typed; where one is removed or put between, lines follow the names that stay.
  const rename = (names: string[]): void => {
    const kept = names.length === value.names.length ? value.skeleton : follow(value, names);
    onChange({ names, skeleton: kept });
  };
  return (
    <>
      <NameList label={words.keypoints} hint={words.keypointsHint} error={error} nameLabel={words.keypointName} addLabel={words.addKeypoint} names={value.names} onChange={rename} />
      <div><Button size="small" onClick={() => onChange({ names: [...personKeypoints.names], skeleton: [...personKeypoints.skeleton] })}>{words.person}</Button></div>
      {value.names.length > 1 && (
        <fieldset className={styles.group}>
          <legend>{words.skeleton}</legend>
          <p className={fieldStyles.hint}>{words.skeletonHint}</p>
          {value.skeleton.length > 0 && (
            <ul className={styles.lines}>
              {value.skeleton.map(([a, b], index) => (
                <li key={`${a}-${b}`}>
                  {words.line(nameOf(a), nameOf(b))}
                  <Button look="quiet" size="small" icon={<X />} aria-label={words.removeName(words.line(nameOf(a), nameOf(b)))} onClick={() => onChange({ ...value, skeleton: value.skeleton.filter((_, place) => place !== index) })} />
                </li>
              ))}
            </ul>
          )}
          <div className={styles.lineFields}>
            <SelectField label={words.lineFrom} options={named} value={String(from)} onChange={(chosen) => setFrom(Number(chosen))} />
            <SelectField label={words.lineTo} options={named} value={String(to)} onChange={(chosen) => setTo(Number(chosen))} />
            <Button icon={<Plus />} disabled={from === to || isLine || from >= named.length || to >= named.length} onClick={() => onChange({ ...value, skeleton: [...value.skeleton, [from, to]] })}>{words.addLine}</Button>
          </div>
        </fieldset>
      )}
    </>
  );
}

/** Lines between the names of the old list that the new one has too. */
function follow(old: Keypoints, names: readonly string[]): [number, number][] {
  return old.skeleton
    .map(([a, b]): [number, number] => [names.indexOf(old.names[a] ?? ''), names.indexOf(old.names[b] ?? '')])
    .filter(([a, b]) => a >= 0 && b >= 0 && a !== b);
}
