using System.ComponentModel.DataAnnotations;
using VisionPlatform.Domain.Text;

namespace VisionPlatform.Api.Http.Requests;

/// <summary>
/// Validates names: not blank, limited length, one line, and without invisible
/// characters (controls, zero-width, direction changes), which could make two different names look the same.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class NameAttribute(int maximumLength) : ValidationAttribute
{
    public int MaximumLength => maximumLength;

    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) => value switch
    {
        null => null,
        string text => Problem(text, maximumLength) is { } problem ? new(problem) : null,
        _ => new("Must be text."),
    };

    /// <summary>What is wrong with a name, as a sentence; null for a good one.</summary>
    public static string? Problem(string text, int maximumLength) =>
        string.IsNullOrWhiteSpace(text) ? "Must not be blank."
        : text.Trim().Length > maximumLength ? $"Must be at most {maximumLength} characters."
        : VisibleText.Problem(text) is not null ? "Must not contain control or invisible characters."
        : null;
}

/// <summary>Validates longer texts: limited length, line breaks and tabs allowed, other invisible characters refused.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class ProseAttribute(int maximumLength) : ValidationAttribute
{
    public int MaximumLength => maximumLength;

    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) => value switch
    {
        string text when text.Length > maximumLength => new($"Must be at most {maximumLength} characters."),
        string text when VisibleText.Problem(text, '\n', '\r', '\t') is not null =>
            new("Must not contain control or invisible characters."),
        _ => null,
    };
}
