using VisionPlatform.ModelServer.Inference;
using VisionPlatform.ModelServer.Models;

namespace VisionPlatform.ModelServer.Tasks;

/// <summary>Objects of a graph that already suppressed double boxes: detection, instance segmentation and keypoints. The graph takes one image at a time.</summary>
internal static class Detections
{
    public static ImageAnswer Answer(ModelDescription model, ModelOutputs outputs, Placement placement, AnswerOptions options)
    {
        var boxes = outputs.Floats("boxes");
        var labels = outputs.Longs("labels");
        var scores = outputs.Floats("scores");
        var objects = new List<FoundObject>();
        for (var i = 0; i < scores.Length; i++)
        {
            if (scores[i] < options.MinScore || labels[i] < 0 || labels[i] >= model.Classes.Count)
                continue;
            var box = new InputBox(boxes[4 * i], boxes[4 * i + 1], boxes[4 * i + 2], boxes[4 * i + 3]);
            var inImage = box.InImage(placement);
            if (inImage[2] <= 0 || inImage[3] <= 0)
                continue; // It lies in the padding.
            objects.Add(new FoundObject(model.Classes[(int)labels[i]], Score(scores[i]), inImage)
            {
                Rle = outputs.Has("masks") ? Mask(model, outputs, i, placement, box) : null,
                Keypoints = outputs.Has("keypoints") ? Keypoints(outputs, i, placement) : null,
            });
        }
        return new ImageAnswer(Objects: [.. objects.OrderByDescending(found => found.Score)]);
    }

    public static double Score(float score) => Math.Round(score, 5);

    private static Domain.Datasets.Annotations.RleText Mask(ModelDescription model, ModelOutputs outputs, int index, Placement placement, InputBox box)
    {
        var shape = outputs.Shape("masks");
        int height = (int)shape[^2], width = (int)shape[^1];
        return Masks.Paint(outputs.Floats("masks").Slice(index * height * width, height * width), width, height, model.Width, model.Height, placement, box, model.MaskThreshold);
    }

    private static double[][] Keypoints(ModelOutputs outputs, int index, Placement placement)
    {
        var count = (int)outputs.Shape("keypoints")[1];
        var values = outputs.Floats("keypoints").Slice(index * count * 3, count * 3);
        var points = new double[count][];
        for (var i = 0; i < count; i++)
            points[i] = [InputBox.Round(placement.X(values[3 * i])), InputBox.Round(placement.Y(values[3 * i + 1])), Score(values[3 * i + 2])];
        return points;
    }
}
