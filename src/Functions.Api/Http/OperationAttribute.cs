namespace VisionPlatform.Api.Http;

/// <summary>Describes a function in the OpenAPI document.</summary>
/// <param name="summary">What it does or returns, in one sentence.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OperationAttribute(string summary) : Attribute
{
    public string Summary { get; } = summary;

    /// <summary>Further description in Markdown.</summary>
    public string? Description { get; set; }

    /// <summary>The group of the operation; by default the first part of the route after /api/v1.</summary>
    public string? Tag { get; set; }

    /// <summary>Type of the request body.</summary>
    public Type? Body { get; set; }

    /// <summary>The content type of the body.</summary>
    public string BodyType { get; set; } = "application/json";

    /// <summary>Content types that it also accepts as plain bytes.</summary>
    public string[] RawBodyTypes { get; set; } = [];

    /// <summary>Type of the answer's body on success; null for no body.</summary>
    public Type? Returns { get; set; }

    /// <summary>The content type of the answer.</summary>
    public string ReturnsType { get; set; } = "application/json";

    /// <summary>Content types of other texts that it answers when the caller asks for one.</summary>
    public string[] TextTypes { get; set; } = [];

    /// <summary>Example of a text of <see cref="TextTypes"/>.</summary>
    public string? TextExample { get; set; }

    /// <summary>The status of success.</summary>
    public int Status { get; set; } = 200;

    /// <summary>Another status of success with the same body, e.g. 200 in addition to 202; 0 for none.</summary>
    public int AlternativeStatus { get; set; }

    /// <summary>
    /// Security schemes that a function without a permission checks itself. One of them is enough. An empty name means that
    /// the function can also be called without authentication.
    /// </summary>
    public string[] Security { get; set; } = [];

    /// <summary>A request body as JSON that gets <see cref="Status"/> with the data of <see cref="Examples"/>. Every operation with a body needs one.</summary>
    public string? Example { get; set; }

    /// <summary>A class whose <see cref="QueryAttribute"/>s apply to this function too, for filters that several functions share.</summary>
    public Type? Queries { get; set; }

    /// <summary>Values of <c>?sort=</c>, the same as in the list's <see cref="Sorting{TRow}"/>. Leave out <c>createdAt</c>, which every list has.</summary>
    public string[] Sort { get; set; } = [];

    /// <summary>Why a resource that can be read and changed at one address has no <c>ETag</c> and does not accept <c>If-Match</c>.</summary>
    public string? Unversioned { get; set; }

    /// <summary>Whether it accepts <c>If-Match</c> although its address has no GET: it changes a resource that is read elsewhere.</summary>
    public bool TakesIfMatch { get; set; }

    /// <summary>Why a POST that creates something does not accept an <c>Idempotency-Key</c>.</summary>
    public string? NotIdempotent { get; set; }

    /// <summary>The list has only one order and does not accept <c>sort</c>.</summary>
    public bool FixedOrder { get; set; }

    /// <summary>The list is short and always complete. It does not accept <c>limit</c>, <c>cursor</c> or <c>sort</c>.</summary>
    public bool Whole { get; set; }

    /// <summary>Whether it answers a <see cref="Page{T}"/> and so accepts <c>limit</c>, <c>cursor</c> and <c>sort</c>.</summary>
    public bool IsList => !Whole && Returns is { IsGenericType: true } && Returns.GetGenericTypeDefinition() == typeof(Page<>);

    /// <summary>Error codes of this function in addition to the usual ones, e.g. <c>DUPLICATE_NAME</c>.</summary>
    public string[] Problems { get; set; } = [];
}
