using Microsoft.ML.OnnxRuntime;

namespace VisionPlatform.ModelServer.Tasks;

/// <summary>The outputs of one run of a model, by role.</summary>
internal sealed class ModelOutputs(IReadOnlyDictionary<string, OrtValue> values)
{
    public bool Has(string role) => values.ContainsKey(role);

    public long[] Shape(string role) => values[role].GetTensorTypeAndShape().Shape;

    public ReadOnlySpan<float> Floats(string role) => values[role].GetTensorDataAsSpan<float>();

    public ReadOnlySpan<long> Longs(string role) => values[role].GetTensorDataAsSpan<long>();

    /// <summary>The values of one image of an output whose first dimension are the images.</summary>
    public ReadOnlySpan<float> Floats(string role, int image)
    {
        var all = Floats(role);
        var length = all.Length / (int)Shape(role)[0];
        return all.Slice(image * length, length);
    }
}
