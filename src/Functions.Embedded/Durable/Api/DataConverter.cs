using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Microsoft.DurableTask
{
    /// <summary>Turns inputs, outputs and event payloads into stored text and back.</summary>
    public abstract class DataConverter
    {
        [return: NotNullIfNotNull(nameof(value))]
        public abstract string? Serialize(object? value);

        [return: NotNullIfNotNull(nameof(data))]
        public abstract object? Deserialize(string? data, Type targetType);

        [return: NotNullIfNotNull(nameof(data))]
        public virtual T? Deserialize<T>(string? data) => (T?)(data is null ? default(T) : Deserialize(data, typeof(T)));
    }
}

namespace Microsoft.DurableTask.Converters
{
    /// <summary>Stores values as JSON. Fields are included, as tuples are made of them.</summary>
    public class JsonDataConverter(JsonSerializerOptions? options = null) : DataConverter
    {
        private static readonly JsonSerializerOptions DefaultOptions = new() { IncludeFields = true };

        private readonly JsonSerializerOptions _options = options ?? DefaultOptions;

        public static JsonDataConverter Default { get; } = new();

        [return: NotNullIfNotNull(nameof(value))]
        public override string? Serialize(object? value) => value is null ? null : JsonSerializer.Serialize(value, value.GetType(), _options);

        [return: NotNullIfNotNull(nameof(data))]
        public override object? Deserialize(string? data, Type targetType) =>
            data is null ? null : JsonSerializer.Deserialize(data, targetType, _options)!;
    }
}
