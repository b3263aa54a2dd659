export { DataTable, type Column } from './DataTable';
export { LogView } from './LogView';
export { type LogLine } from './logs';
export { type Page, PagedItems } from './pagedItems';
export { type Sort, type SortValue } from './sorting';
export { forgetItems, ThumbnailGrid, usePagedItems, type Thumbnail } from './ThumbnailGrid';
