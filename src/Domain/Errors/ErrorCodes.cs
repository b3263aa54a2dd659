using System.Collections.Frozen;
using System.Reflection;

namespace VisionPlatform.Domain.Errors;

/// <summary>
/// Every failure of the product, for the API, orchestrations, trainers and the console. The codes are in one file for each capability: a new
/// capability adds a file <c>ErrorCodes.Name.cs</c> with its codes as <c>public static readonly ErrorCode</c> fields.
/// </summary>
public static partial class ErrorCodes
{
    /// <summary>All codes, in alphabetical order.</summary>
    public static IReadOnlyList<ErrorCode> All => Table.Codes;

    /// <summary>The code with this name; null when there is none.</summary>
    public static ErrorCode? TryFind(string code) => Table.ByName.GetValueOrDefault(code);

    /// <summary>The code with this name; <see cref="FrameworkError"/> for an unknown name, which a newer trainer may send.</summary>
    public static ErrorCode Find(string code) => TryFind(code) ?? FrameworkError;

    /// <summary>The codes that trainers may use in one of these ways, in the order of <see cref="All"/>.</summary>
    public static IReadOnlyList<ErrorCode> OfTrainers(TrainerUse use) =>
        [.. All.Where(code => (code.Trainers & use) != 0)];

    /// <summary>The code of a trainer's <c>failed</c> event; <see cref="FrameworkError"/> if such an event may not carry it.</summary>
    public static ErrorCode OfTrainerFailure(string code) => FindOfTrainers(code, TrainerUse.Failure) ?? FrameworkError;

    /// <summary>The code that the platform's caller gets for a trainer's reply; <see cref="TrainerProtocol"/> if the platform does not pass the code on.</summary>
    public static ErrorCode OfTrainerReply(string? code) => FindOfTrainers(code, TrainerUse.Reply) ?? TrainerProtocol;

    private static ErrorCode? FindOfTrainers(string? code, TrainerUse use) =>
        code is not null && TryFind(code) is { } known && known.Trainers.HasFlag(use) ? known : null;

    private static ErrorCode User(int status, string code, string title, string action, TrainerUse trainers = TrainerUse.None) =>
        new(code, ErrorCategory.User, status, title, action, trainers);

    private static ErrorCode Transient(int status, string code, string title, string action, TrainerUse trainers = TrainerUse.None) =>
        new(code, ErrorCategory.Transient, status, title, action, trainers);

    private static ErrorCode Permanent(int status, string code, string title, string action, TrainerUse trainers = TrainerUse.None) =>
        new(code, ErrorCategory.Permanent, status, title, action, trainers);

    // A class of its own, so that the fields of all files have their values before it reads them.
    private static class Table
    {
        public static readonly IReadOnlyList<ErrorCode> Codes =
        [
            .. typeof(ErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
                .Select(field => (ErrorCode)field.GetValue(null)!).OrderBy(code => code.Code, StringComparer.Ordinal),
        ];

        public static readonly FrozenDictionary<string, ErrorCode> ByName = Codes.ToFrozenDictionary(code => code.Code, StringComparer.Ordinal);
    }
}
