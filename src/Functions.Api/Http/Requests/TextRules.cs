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
        string text when string.IsNullOrWhiteSpace(text) => Refuse("Must not be blank."),
        string text when text.Trim().Length > maximumLength => Refuse($"Must be at most {maximumLength} characters."),
        string text when VisibleText.Problem(text) is not null => Refuse("Must not contain control or invisible characters."),
        string => null,
        _ => Refuse("Must be text."),
    };

    private static ValidationResult Refuse(string why) => new(why);
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
