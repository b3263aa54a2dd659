using System.Text;
using Azure.Core.Serialization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Options;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Writes and reads payloads with the app's serializer (<see cref="WorkerOptions.Serializer"/>), as the official extension does.</summary>
internal sealed class AppDataConverter(ObjectSerializer serializer) : DataConverter
{
    /// <summary>The converter that uses the app's serializer; Durable Task's default when the app has none.</summary>
    public static DataConverter Of(IOptions<WorkerOptions> options) =>
        options.Value.Serializer is { } serializer ? new AppDataConverter(serializer) : JsonDataConverter.Default;

    public override object? Deserialize(string? data, Type targetType)
    {
        if (data is null)
            return null;
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(data), writable: false);
        return serializer.Deserialize(stream, targetType, CancellationToken.None);
    }

    public override string? Serialize(object? value) => value is null ? null : serializer.Serialize(value, value.GetType(), CancellationToken.None).ToString();
}
