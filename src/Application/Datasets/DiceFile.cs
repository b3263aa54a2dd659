using System.Text.Json;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;

namespace VisionPlatform.Application.Datasets;

/// <summary>Writes the annotations of a version in the platform's DICE format 1.1, image by image. The caller ends the list of images and the object.</summary>
internal sealed class DiceFile(Utf8JsonWriter json, Dataset dataset, DatasetVersion version)
{
    private readonly Dictionary<string, int> _classIds = new(StringComparer.Ordinal);
    private int _images, _annotations;

    public void WriteHead()
    {
        json.WriteStartObject();
        json.WriteString("format_version"u8, "1.1");
        json.WriteString("dataset_id"u8, dataset.Id);
        json.WriteString("dataset_name"u8, dataset.Name);
        json.WriteString("task_type"u8, dataset.TaskType == TaskType.ImageClassification ? "classification" : dataset.TaskType.AsText());
        json.WriteString("created_at"u8, version.CreatedAt);
        json.WriteNumber("version"u8, version.Number);
        json.WriteString("content_hash"u8, version.Hash);
        json.WriteStartObject("storage_info"u8);
        json.WriteString("image_root"u8, DatasetKeys.Images(dataset.Id));
        json.WriteEndObject();

        json.WriteStartArray("classes"u8);
        foreach (var (id, name) in version.ClassNames.Index())
        {
            _classIds.Add(name, id);
            json.WriteStartObject();
            json.WriteNumber("id"u8, id);
            json.WriteString("name"u8, name);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (version.Keypoints is { } keypoints)
            WriteKeypoints(keypoints);

        json.WriteStartArray("images"u8);
    }

    public void Write(DatasetVersionImage image)
    {
        _images++;
        json.WriteStartObject();
        json.WriteNumber("id"u8, _images);
        json.WriteString("file_name"u8, image.Path);
        json.WriteString("key"u8, image.Key);
        json.WriteNumber("width"u8, image.Width);
        json.WriteNumber("height"u8, image.Height);
        json.WriteString("split"u8, image.Split.AsText());
        json.WriteStartArray("annotations"u8);
        if (image.Annotations is { } text)
            foreach (var annotation in AnnotationText.Read(text))
                Write(annotation);
        else if (image.Class is { } name)
        {
            json.WriteStartObject();
            WriteIds(_images, name);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Write(Annotation annotation)
    {
        json.WriteStartObject();
        WriteIds(++_annotations, annotation.Class);
        WriteNumbers("bbox"u8, annotation.Box);
        json.WriteString("bbox_format"u8, "xywh");
        json.WriteNumber("area"u8, Math.Round(AnnotationRules.AreaOf(annotation), 2));
        json.WriteNumber("iscrowd"u8, annotation.Crowd ? 1 : 0);
        if (annotation.Polygons is { } polygons)
        {
            json.WriteStartArray("segmentation"u8);
            foreach (var ring in polygons)
                WriteNumbers(default, ring);
            json.WriteEndArray();
        }
        if (annotation.Rle is { } rle)
        {
            json.WriteStartObject("segmentation"u8);
            WriteNumbers("size"u8, rle.Size.Select(side => (double)side));
            json.WriteString("counts"u8, rle.Counts);
            json.WriteEndObject();
        }
        if (annotation.Keypoints is { } keypoints)
        {
            WriteNumbers("keypoints"u8, keypoints.SelectMany(point => point));
            json.WriteNumber("num_keypoints"u8, keypoints.Count(point => point[2] > 0));
        }
        json.WriteEndObject();
    }

    private void WriteIds(int id, string name)
    {
        json.WriteNumber("id"u8, id);
        json.WriteNumber("image_id"u8, _images);
        json.WriteNumber("class_id"u8, _classIds[name]);
        json.WriteString("class_name"u8, name);
    }

    private void WriteKeypoints(KeypointList keypoints)
    {
        json.WriteStartArray("keypoints"u8);
        foreach (var name in keypoints.Names)
            json.WriteStringValue(name);
        json.WriteEndArray();
    }

    private void WriteNumbers(ReadOnlySpan<byte> name, IEnumerable<double> numbers)
    {
        if (name.IsEmpty)
            json.WriteStartArray();
        else
            json.WriteStartArray(name);
        foreach (var number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
