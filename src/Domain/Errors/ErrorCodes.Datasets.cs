namespace VisionPlatform.Domain.Errors;

// Codes of datasets, images and uploads.
public static partial class ErrorCodes
{
    public static readonly ErrorCode InvalidPath = User(422, "INVALID_PATH", "The path is not a plain relative path.", "Use forward slashes and no '..', drive letters or control characters.");
    public static readonly ErrorCode DuplicateImage = User(409, "DUPLICATE_IMAGE", "The dataset already has an image with this path.", "Rename it, or upload with onDuplicate=skip.");
    public static readonly ErrorCode UploadNotFound = User(422, "UPLOAD_NOT_FOUND", "The file has not been uploaded.", "PUT the file to the upload URL before completing, or ask for a new URL.");
    public static readonly ErrorCode SizeMismatch = User(422, "SIZE_MISMATCH", "The size of the uploaded file differs from the announced size.", "Ask for a new upload URL and send the whole file.");
    public static readonly ErrorCode NotAnImage = User(422, "NOT_AN_IMAGE", "The file is not an image of a supported type.", "Upload JPEG, PNG, GIF, BMP, WebP or TIFF.");
    public static readonly ErrorCode ImageTruncated = User(422, "IMAGE_TRUNCATED", "The image is incomplete or damaged.", "Upload the whole file again.");
    public static readonly ErrorCode ImageTooLarge = User(422, "IMAGE_TOO_LARGE", "The image is larger than allowed.", "Scale it down.", TrainerUse.Reply);
    public static readonly ErrorCode ArchiveUnknownFormat = User(422, "ARCHIVE_UNKNOWN_FORMAT", "The file is not an archive of a supported type.", "Upload ZIP, TAR, TAR in gzip or TAR in Zstandard.");
    public static readonly ErrorCode ArchiveDamaged = User(422, "ARCHIVE_DAMAGED", "The archive, or an entry of it, is incomplete or damaged.", "Make the archive again and upload it. Images that were taken stay and are skipped the next time.");
    public static readonly ErrorCode ArchiveTooLarge = User(422, "ARCHIVE_TOO_LARGE", "The archive unpacks to more than allowed.", "Divide it into several archives. Images that were taken stay and are skipped the next time.");
    public static readonly ErrorCode ArchiveEntryUnsupported = User(422, "ARCHIVE_ENTRY_UNSUPPORTED", "This kind of entry is not unpacked.", "Put the image itself into the archive, stored or deflated and not encrypted.");
    public static readonly ErrorCode AnnotationFileInvalid = User(422, "ANNOTATION_FILE_INVALID", "The file is not an annotation file of a supported format.", "Upload COCO or DICE JSON. What was written until then stays.");
    public static readonly ErrorCode DatasetHasNoAnnotations = User(409, "DATASET_HAS_NO_ANNOTATIONS", "Images of a classification dataset have a class, not annotations.", "Create a dataset of another task type.");
    public static readonly ErrorCode DatasetNotAnnotated = User(422, "DATASET_NOT_ANNOTATED", "Some images of the dataset were never annotated.", "Annotate them, or publish with annotatedOnly to leave them out.");
    public static readonly ErrorCode DatasetEmpty = User(422, "DATASET_EMPTY", "The dataset has no images.", "Upload images first.");
    public static readonly ErrorCode DatasetSingleClass = User(422, "DATASET_SINGLE_CLASS", "The dataset has only one class.", "Classification needs images of at least two classes.");
    public static readonly ErrorCode DatasetDeleted = User(409, "DATASET_DELETED", "The dataset was deleted.", "Choose another dataset.");
    public static readonly ErrorCode DatasetVersionUnlabeled = User(409, "DATASET_VERSION_UNLABELED", "The dataset version has images without labels, which are only for predictions.", "Label them and publish a version, or choose another one.");
    public static readonly ErrorCode PredictionOfOtherDataset = User(409, "PREDICTION_OF_OTHER_DATASET", "The prediction is of another dataset.", "Choose a prediction of a version of this dataset.");
    public static readonly ErrorCode ClassNotInDataset = User(422, "CLASS_NOT_IN_DATASET", "The model found a class that the dataset does not have.", "Add the class to the dataset, or choose another prediction.");
    public static readonly ErrorCode DatasetVersionNotReady = User(409, "DATASET_VERSION_NOT_READY", "The dataset version is still being published, or publishing it failed.", "Wait until it is ready, or publish it again.");
}
