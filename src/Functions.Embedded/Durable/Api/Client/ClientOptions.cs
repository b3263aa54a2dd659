using Microsoft.DurableTask.Converters;

namespace Microsoft.DurableTask.Client;

/// <summary>How clients write values, and the version that new instances get.</summary>
public class DurableTaskClientOptions
{
    /// <summary>The version of instances that are started without one.</summary>
    public string DefaultVersion { get; set; } = "";

    /// <summary>How inputs, outputs, events and entity states are stored, for clients and functions alike. Unless it is set, JSON with the
    /// app's <see cref="System.Text.Json.JsonSerializerOptions"/>, fields included, names read without regard to case.</summary>
    public DataConverter DataConverter
    {
        get => ChosenConverter ?? JsonDataConverter.Default;
        set => ChosenConverter = value ?? throw new ArgumentNullException(nameof(value));
    }

    public bool EnableEntitySupport { get; set; } = true;

    internal DataConverter? ChosenConverter { get; private set; }
}

/// <summary>Gives durable task clients by name.</summary>
public interface IDurableTaskClientProvider
{
    /// <param name="name">The name of the task hub; null for the app's own.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no client of that name.</exception>
    DurableTaskClient GetClient(string? name = null);
}

/// <summary>A value as it is stored, and what reads it.</summary>
public sealed class SerializedData(string data, DataConverter? converter = null)
{
    public string Value { get; } = data ?? throw new ArgumentNullException(nameof(data));

    public DataConverter Converter { get; } = converter ?? JsonDataConverter.Default;

    public T ReadAs<T>() => Converter.Deserialize<T>(Value)!;
}
