using System.Globalization;

namespace VisionPlatform.Domain.Datasets.Annotations;

/// <summary>How the rows of a file of labels are read.</summary>
/// <param name="Shape">What the dataset's task needs.</param>
/// <param name="Keypoints">Keypoints of an object; 0 when rows have none.</param>
/// <param name="KeypointValues">Numbers of a keypoint, 2 or 3; null when the count of numbers in a row says it.</param>
public sealed record YoloForm(ObjectShape Shape, int Keypoints, int? KeypointValues);

/// <summary>
/// A row of a YOLO label: the number of a class, then numbers from 0 to 1 of the upright image: a box by its centre and size, keypoints after it, or the
/// outline of the object (https://docs.ultralytics.com/datasets/).
/// </summary>
public static class YoloRow
{
    /// <summary>How far a number may be beside the image: exporters round.</summary>
    private const double Tolerance = 0.01;

    /// <summary>The object of a row, with coordinates from 0 to 1.</summary>
    /// <param name="row">Not an empty one.</param>
    /// <param name="form">How it is read.</param>
    /// <param name="names">Classes by their number.</param>
    /// <param name="problem">What is wrong; null when the object is there.</param>
    public static AnnotationDraft? Parse(string row, YoloForm form, IReadOnlyDictionary<int, string> names, out AnnotationProblem? problem)
    {
        problem = null;
        try
        {
            var fields = row.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (!int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                throw new WrongRow(AnnotationFault.Malformed, "class", $"'{Short(fields[0])}' is no number of a class.");
            var name = names.GetValueOrDefault(number) ?? throw new WrongRow(AnnotationFault.UnknownClass, "class", $"The description has no class {number}; it has {names.Count}, the last is {names.Keys.Max()}.");
            return ObjectOf([.. fields.Skip(1).Select(field => Number(field))], form) with { Class = name };
        }
        catch (WrongRow wrong)
        {
            problem = new AnnotationProblem(wrong.Fault, wrong.Field, wrong.Message);
            return null;
        }
    }

    /// <summary>The object in pixels of its image.</summary>
    public static AnnotationDraft Scaled(AnnotationDraft draft, int width, int height) => draft with
    {
        Box = draft.Box is [var left, var top, var wide, var high] ? [left * width, top * height, wide * width, high * height] : draft.Box,
        Polygons = draft.Polygons?.Select(ring => (IReadOnlyList<double>)[.. ring.Select((value, i) => value * (i % 2 == 0 ? width : height))]).ToList(),
        Keypoints = draft.Keypoints?.Select(point => (IReadOnlyList<double>)[point[0] * width, point[1] * height, point[2]]).ToList(),
    };

    private static AnnotationDraft ObjectOf(double[] numbers, YoloForm form)
    {
        if (form.Keypoints > 0)
            return WithKeypoints(numbers, form);
        if (numbers.Length == 4)
            return new AnnotationDraft { Box = BoxOf(numbers) };
        if (form.Shape == ObjectShape.RotatedBox && numbers.Length != 8)
            throw new WrongRow(AnnotationFault.InvalidPolygon, "polygons", $"A rotated box has 8 coordinates, not {numbers.Length}.");
        if (numbers.Length % 2 != 0)
            throw new WrongRow(AnnotationFault.InvalidPolygon, "polygons", $"An outline has an even number of coordinates, not {numbers.Length}.");
        if (numbers.Length < 6)
            throw new WrongRow(AnnotationFault.Malformed, "", $"A row has 4 numbers of a box, or at least 6 of an outline, not {numbers.Length}.");
        return new AnnotationDraft { Polygons = [Inside(numbers)] };
    }

    private static AnnotationDraft WithKeypoints(double[] numbers, YoloForm form)
    {
        var values = form.KeypointValues ?? (numbers.Length == 4 + 2 * form.Keypoints ? 2 : 3);
        if (numbers.Length != 4 + values * form.Keypoints)
            throw new WrongRow(AnnotationFault.InvalidKeypoints, "keypoints", $"A row has 4 numbers of a box and {values} of each of {form.Keypoints} keypoints, {4 + values * form.Keypoints} together, not {numbers.Length}.");
        var points = numbers[4..].Chunk(values).Select(point => values == 3 ? Seen(point) : point is [0, 0] ? [0, 0, 0] : (double[])[.. Inside(point), 2]);
        return new AnnotationDraft { Box = BoxOf(numbers), Keypoints = [.. points] };
    }

    private static double[] Seen(double[] point) => point[2] is 0 or 1 or 2
        ? [.. Inside(point[..2]), point[2]] : throw new WrongRow(AnnotationFault.InvalidKeypoints, "keypoints", $"The visibility of a keypoint is 0, 1 or 2, not {Text(point[2])}.");

    private static double[] BoxOf(double[] numbers)
    {
        var box = Inside(numbers[..4]);
        return [box[0] - box[2] / 2, box[1] - box[3] / 2, box[2], box[3]];
    }

    private static double Number(string field) =>
        double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? value : throw new WrongRow(AnnotationFault.Malformed, "", $"'{Short(field)}' is no number.");

    private static double[] Inside(double[] coordinates)
    {
        foreach (var value in coordinates)
            if (value is < -Tolerance or > 1 + Tolerance)
                throw new WrongRow(AnnotationFault.Malformed, "", $"The coordinate {Text(value)} is not a part of the image, from 0 to 1.");
        return coordinates;
    }

    private static string Short(string field) => field.Length <= 40 ? field : field[..40] + "…";

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private sealed class WrongRow(AnnotationFault fault, string field, string message) : Exception(message)
    {
        public AnnotationFault Fault { get; } = fault;

        public string Field { get; } = field;
    }
}
