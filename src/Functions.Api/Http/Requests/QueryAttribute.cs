namespace VisionPlatform.Api.Http.Requests;

/// <summary>A query parameter of a function. It is checked before the function runs and described in the OpenAPI document.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
public abstract class QueryAttribute(string name, string description, Type type) : Attribute
{
    public string Name { get; } = name;

    /// <summary>Description in the OpenAPI document, one sentence.</summary>
    public string Description { get; } = description;

    /// <summary>Guid, an integer type, bool, DateTimeOffset, an enum (snake_case text) or string.</summary>
    public Type Type { get; } = type;

    public bool Required { get; set; }

    /// <summary>A value that is valid with the data of <see cref="Examples"/>.</summary>
    public string? Example { get; set; }

    /// <summary>Smallest value of a number.</summary>
    public long Minimum { get; set; } = long.MinValue;

    /// <summary>Largest value of a number.</summary>
    public long Maximum { get; set; } = long.MaxValue;

    /// <summary>Longest text, in characters.</summary>
    public int MaximumLength { get; set; } = 1024;
}

/// <inheritdoc cref="QueryAttribute"/>
public sealed class QueryAttribute<T>(string name, string description) : QueryAttribute(name, description, typeof(T));
