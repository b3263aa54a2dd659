import { defineWords } from '../app/words';

/** `1 image has`, `3 images have`. The number comes formatted. */
const many = (n: string, one: string, more: string): string => `${n} ${n === '1' ? one : more}`;

export const statisticsWords = defineWords({
  en: {
    title: 'Statistics', text: 'What the images are like, and what to look at before training.', source: 'Of', now: (count: string) => `The dataset now (${count} images)`, version: (number: number) => `Version ${number}`,
    sample: (read: string, all: string) => `Of the latest ${read} of ${all} images. Publish a version to see the statistics of all.`, readMore: 'Read more images', whole: (count: string) => `Of all ${count} images`, reading: (read: string, all: string) => `Read ${read} of ${all} images`,
    tooLarge: (limit: string) => `Versions of more than ${limit} images are not read in the browser. Their classes and splits are on the page of the version.`, failed: 'The manifest could not be read from the store. If the console has another origin than the store, its CORS rules must allow it.', noImages: 'No images yet', noImagesText: 'Upload images to see what they are like.',
    quality: 'Quality', fine: 'Nothing stands out', fineText: 'No copies, no missing labels, no unusual sizes among the images that were read.', severities: { bad: 'Repair', warn: 'Look at', info: 'Know' }, examples: (count: string) => `Examples (${count})`,
    findings: {
      contradicting: (n: string) => many(n, 'file has copies with different classes', 'files have copies with different classes'), missingTrain: (n: string) => many(n, 'class has no training images', 'classes have no training images'), missingVal: (n: string) => many(n, 'class has no validation images', 'classes have no validation images'), unannotated: (n: string) => many(n, 'image is not annotated', 'images are not annotated'), unlabelled: (n: string) => many(n, 'image has no class', 'images have no class'),
      empty: (n: string) => many(n, 'image has no objects', 'images have no objects'), copies: (n: string) => many(n, 'image is a copy of another', 'images are copies of others'), rare: (n: string) => many(n, 'class has few images', 'classes have few images'), imbalance: (n: string) => `The largest class has ${n} times as many images as the smallest`, tinyBoxes: (n: string) => many(n, 'box is only a few pixels wide or high', 'boxes are only a few pixels wide or high'),
      small: (n: string) => many(n, 'image is very small', 'images are very small'), extreme: (n: string) => many(n, 'image is very long or very high', 'images are very long or very high'), refusedFiles: (n: string) => many(n, 'file of an archive was refused', 'files of archives were refused'), refusedEntries: (n: string) => many(n, 'entry of an annotation file was refused', 'entries of annotation files were refused'),
    },
    advice: {
      contradicting: 'One of the labels is wrong: the model is taught both. Delete the wrong copy.', missingTrain: 'A model cannot learn them. Add images, or use shares kept within each class.', missingVal: 'The metrics say nothing about them. Add images, or use shares kept within each class.', unannotated: 'Annotate them, import a file that lists them, or leave them out when you publish.', unlabelled: 'They are not trained on. Upload them into the folder of a class, or delete them.',
      empty: 'Somebody said so, and they are trained on: good against false alarms. Check some of them if there are many.', copies: 'They count more than others and make metrics look better than they are. Delete them unless they are wanted.', rare: 'A model learns little from fewer than twenty. Collect more, or join classes that need not be told apart.', imbalance: 'The model prefers frequent classes. Collect more of the rare ones; look at the metrics of each class, not only at the mean.', tinyBoxes: 'They are often slips of the mouse, and too small to be learned. Correct or delete them, or use a larger input size.',
      small: 'They have a side below 32 pixels and are enlarged for training. Use larger originals.', extreme: 'The longer side is at least four times the shorter one, so resizing distorts or cuts them. Cut them into tiles.', refusedFiles: 'The reports of the archives say why.', refusedEntries: 'The reports of the imports say why.',
    },
    openReports: 'Archives and imports', showThem: 'Show them', annotate: 'Annotate', classes: 'Images of each class', objects: 'Objects of each class', unsplit: 'Images', sizes: 'Sizes', widths: 'Width', heights: 'Height', ratios: 'Width ÷ height', objectsPerImage: 'Objects in an image', boxSides: 'Size of objects (share of the image’s side)', annotations: 'Annotations', splits: { train: 'Training', val: 'Validation', test: 'Test' }, moreClasses: (count: string) => `and ${count} more`, all: 'Show all',
    sizeFacts: (width: string, height: string) => `Median ${width} × ${height} pixels`,
  },
  ko: {
    title: '통계', text: '이미지의 특징과 학습 전에 확인할 점입니다.', source: '대상', now: (count: string) => `현재 데이터셋 (이미지 ${count}장)`, version: (number: number) => `버전 ${number}`,
    sample: (read: string, all: string) => `전체 ${all}장 중 최신 ${read}장의 통계입니다. 버전을 게시하면 전체 통계를 볼 수 있습니다.`, readMore: '이미지 더 읽기', whole: (count: string) => `이미지 ${count}장 전체`, reading: (read: string, all: string) => `이미지 ${all}장 중 ${read}장 읽음`,
    tooLarge: (limit: string) => `이미지가 ${limit}장을 넘는 버전은 브라우저에서 읽지 않습니다. 클래스와 분할은 버전 화면에 있습니다.`, failed: '저장소에서 매니페스트를 읽지 못했습니다. 콘솔과 저장소의 출처가 다르면 CORS 규칙이 필요합니다.', noImages: '아직 이미지가 없습니다', noImagesText: '이미지를 업로드하면 특징을 볼 수 있습니다.',
    quality: '품질', fine: '특이 사항이 없습니다', fineText: '읽은 이미지에 사본, 빠진 라벨, 특이한 크기가 없습니다.', severities: { bad: '수정', warn: '확인', info: '참고' }, examples: (count: string) => `예시 (${count})`,
    findings: {
      contradicting: (n: string) => `파일 ${n}개의 사본에 서로 다른 클래스가 있습니다`, missingTrain: (n: string) => `클래스 ${n}개에 학습 이미지가 없습니다`, missingVal: (n: string) => `클래스 ${n}개에 검증 이미지가 없습니다`, unannotated: (n: string) => `이미지 ${n}장에 주석이 없습니다`, unlabelled: (n: string) => `이미지 ${n}장에 클래스가 없습니다`,
      empty: (n: string) => `이미지 ${n}장에 객체가 없습니다`, copies: (n: string) => `이미지 ${n}장이 다른 이미지의 사본입니다`, rare: (n: string) => `클래스 ${n}개의 이미지가 적습니다`, imbalance: (n: string) => `가장 큰 클래스가 가장 작은 클래스의 ${n}배입니다`, tinyBoxes: (n: string) => `박스 ${n}개가 몇 픽셀에 불과합니다`,
      small: (n: string) => `이미지 ${n}장이 매우 작습니다`, extreme: (n: string) => `이미지 ${n}장이 매우 길거나 높습니다`, refusedFiles: (n: string) => `압축 파일의 파일 ${n}개가 거부되었습니다`, refusedEntries: (n: string) => `주석 파일의 항목 ${n}개가 거부되었습니다`,
    },
    advice: {
      contradicting: '둘 중 하나가 잘못되어 모델이 둘 다 배우게 됩니다. 잘못된 사본을 삭제하세요.', missingTrain: '모델이 학습할 수 없습니다. 이미지를 추가하거나 클래스별 비율을 유지하세요.', missingVal: '지표로 알 수 없습니다. 이미지를 추가하거나 클래스별 비율을 유지하세요.', unannotated: '주석을 달거나 주석 파일을 가져오거나, 게시할 때 제외하세요.', unlabelled: '학습에 쓰이지 않습니다. 클래스 폴더로 업로드하거나 삭제하세요.',
      empty: '객체가 없다고 확인된 이미지로 학습에 쓰이며 오탐을 줄입니다. 많다면 몇 장을 확인하세요.', copies: '비중이 커지고 지표가 실제보다 좋아 보입니다. 의도한 것이 아니면 삭제하세요.', rare: '20장보다 적으면 배우기 어렵습니다. 더 모으거나 구분할 필요 없는 클래스를 합치세요.', imbalance: '모델이 많은 클래스로 치우칩니다. 드문 클래스를 더 모으고, 평균이 아닌 클래스별 지표를 보세요.', tinyBoxes: '실수인 경우가 많고 학습하기에 너무 작습니다. 수정하거나 삭제하고, 입력 크기를 키우세요.',
      small: '한 변이 32픽셀보다 작아 학습할 때 확대됩니다. 더 큰 원본을 사용하세요.', extreme: '긴 변이 짧은 변의 4배 이상이라 크기를 바꿀 때 왜곡되거나 잘립니다. 조각으로 나누세요.', refusedFiles: '이유는 압축 파일 보고서에 있습니다.', refusedEntries: '이유는 가져오기 보고서에 있습니다.',
    },
    openReports: '압축 파일과 가져오기', showThem: '보기', annotate: '주석 달기', classes: '클래스별 이미지', objects: '클래스별 객체', unsplit: '이미지', sizes: '크기', widths: '너비', heights: '높이', ratios: '너비 ÷ 높이', objectsPerImage: '이미지당 객체', boxSides: '객체 크기(이미지 변에 대한 비율)', annotations: '주석', splits: { train: '학습', val: '검증', test: '테스트' }, moreClasses: (count: string) => `외 ${count}개`, all: '모두 보기',
    sizeFacts: (width: string, height: string) => `중앙값 ${width} × ${height}픽셀`,
  },
});
