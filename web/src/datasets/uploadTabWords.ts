import { defineWords } from '../app/words';

export const uploadTabWords = defineWords({
  en: {
    title: 'Upload', text: 'Folders, single files, and archives (ZIP, TAR, also in gzip or Zstandard). Files that the dataset has already are left out, so an upload may be repeated.',
    layout: 'What folders mean', layouts: { flat: 'Nothing', folders_are_classes: 'Classes', splits_and_classes: 'Splits and classes' }, splitsOnly: 'Splits',
    layoutTexts: { flat: 'Folders are only part of the paths. Images get no class.', folders_are_classes: 'cat/1.png and train/cat/1.png are of the class cat.', splits_and_classes: 'train/cat/1.png is given to the split train and is of the class cat. Publish with splits as given to keep that.' },
    splitsOnlyText: 'train/1.png is given to the split train. Publish with splits as given to keep that.',
    annotationsNext: 'Annotations come afterwards, from a COCO or DICE file, or a ZIP with YOLO labels:',
  },
  ko: {
    title: '업로드', text: '폴더, 개별 파일, 압축 파일(ZIP, TAR, gzip 또는 Zstandard)을 올릴 수 있습니다. 이미 있는 파일은 건너뛰므로 다시 올려도 됩니다.',
    layout: '폴더의 의미', layouts: { flat: '없음', folders_are_classes: '클래스', splits_and_classes: '분할과 클래스' }, splitsOnly: '분할',
    layoutTexts: { flat: '폴더는 경로의 일부일 뿐이며 이미지에 클래스가 없습니다.', folders_are_classes: 'cat/1.png와 train/cat/1.png는 cat 클래스입니다.', splits_and_classes: 'train/cat/1.png는 train 분할과 cat 클래스로 지정됩니다. 유지하려면 지정된 대로 게시하세요.' },
    splitsOnlyText: 'train/1.png는 train 분할로 지정됩니다. 유지하려면 지정된 대로 게시하세요.',
    annotationsNext: '주석은 이후에 COCO 또는 DICE 파일, 또는 YOLO 라벨 ZIP으로 가져옵니다.',
  },
});
