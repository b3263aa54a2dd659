import { percent } from '../charts/numbers';

/** Text of the image viewer. */
export interface ViewerWords {
  truth: string;
  prediction: string;
  boxes: string;
  masks: string;
  keypoints: string;
  labels: string;
  zoomIn: string;
  zoomOut: string;
  fit: string;
  actualSize: string;
  objects: (count: number) => string;
  noObjects: string;
  crowd: string;
  loading: string;
  failed: string;
  retry: string;
  help: string;
  canvas: (name: string, truths: number, predictions: number) => string;
  object: (name: string, score: number | undefined, prediction: boolean) => string;
  minScore: string;
}

export const viewerWordsEn: ViewerWords = {
  truth: 'Truth',
  prediction: 'Prediction',
  boxes: 'Boxes',
  masks: 'Masks',
  keypoints: 'Keypoints',
  labels: 'Labels',
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  fit: 'Fit',
  actualSize: 'Actual size',
  objects: count => (count === 1 ? '1 object' : `${count} objects`),
  noObjects: 'No objects',
  crowd: 'group',
  loading: 'Loading the image',
  failed: 'The image could not be loaded',
  retry: 'Try again',
  help: 'Arrow keys move, plus and minus zoom, 0 fits, 1 shows actual size, N and P step through the objects',
  canvas: (name, truths, predictions) => `${name}: ${truths} labelled, ${predictions} predicted`,
  object: (name, score, prediction) => (score === undefined ? (prediction ? `${name}, predicted` : name) : `${name}, predicted with ${percent(score)}`),
  minScore: 'Lowest score',
};

export const viewerWordsKo: ViewerWords = {
  truth: '정답',
  prediction: '예측',
  boxes: '박스',
  masks: '마스크',
  keypoints: '키포인트',
  labels: '이름표',
  zoomIn: '확대',
  zoomOut: '축소',
  fit: '맞춤',
  actualSize: '실제 크기',
  objects: count => `객체 ${count}개`,
  noObjects: '객체 없음',
  crowd: '무리',
  loading: '이미지를 불러오는 중',
  failed: '이미지를 불러오지 못했습니다',
  retry: '다시 시도',
  help: '화살표 키로 이동, 더하기와 빼기로 확대와 축소, 0은 맞춤, 1은 실제 크기, N과 P로 객체 이동',
  canvas: (name, truths, predictions) => `${name}: 라벨 ${truths}개, 예측 ${predictions}개`,
  object: (name, score, prediction) => (score === undefined ? (prediction ? `${name}, 예측` : name) : `${name}, 예측 ${percent(score)}`),
  minScore: '최저 점수',
};
