using VisionPlatform.ModelServer.Inference;
using VisionPlatform.ModelServer.Models;

namespace VisionPlatform.ModelServer.Tasks;

/// <summary>Classes by probability. The softmax is computed in double precision, as the trainers do.</summary>
internal static class Classification
{
    public static ImageAnswer Answer(ModelDescription model, ModelOutputs outputs, int image, AnswerOptions options)
    {
        var logits = outputs.Floats("logits", image);
        var probabilities = new double[logits.Length];
        double largest = float.NegativeInfinity, sum = 0;
        foreach (var logit in logits)
            largest = Math.Max(largest, logit);
        for (var i = 0; i < logits.Length; i++)
            sum += probabilities[i] = Math.Exp(logits[i] - largest);
        // OrderByDescending is stable: of equal probabilities the first class wins.
        var order = Enumerable.Range(0, probabilities.Length).OrderByDescending(index => probabilities[index]).Take(options.TopK).ToArray();
        var top = Array.ConvertAll(order, index => new ClassConfidence(model.Classes[index], probabilities[index] / sum));
        return new ImageAnswer(order[0], top[0].Class, top[0].Confidence, top);
    }
}
