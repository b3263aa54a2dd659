using System.Text.RegularExpressions;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Domain.Tests.Errors;

public sealed partial class ErrorCodesTests
{
    [Fact]
    public void Every_code_says_what_happened_and_what_to_do() => Assert.All(ErrorCodes.All, code =>
    {
        Assert.Matches("^[A-Z][A-Z0-9_]+$", code.Code);
        Assert.InRange(code.Status, 400, 599);
        Assert.EndsWith(".", code.Title, StringComparison.Ordinal);
        Assert.EndsWith(".", code.SuggestedAction, StringComparison.Ordinal);
    });

    [Fact]
    public void The_list_has_every_code_of_the_source_files_in_alphabetical_order()
    {
        var declared = Directory.EnumerateFiles(Path.Combine(Repository(), "src", "Domain", "Errors"), "ErrorCodes.*.cs")
            .SelectMany(File.ReadLines).Select(line => Declaration().Match(line)).Where(found => found.Success).Select(found => found.Groups[1].Value);

        Assert.Equal(declared.Order(StringComparer.Ordinal), ErrorCodes.All.Select(code => code.Code));
    }

    [Fact]
    public void An_unknown_code_becomes_a_framework_error() =>
        Assert.Same(ErrorCodes.FrameworkError, ErrorCodes.Find("QUANTUM_DECOHERENCE"));

    [Theory]
    [InlineData("OUT_OF_MEMORY", "OUT_OF_MEMORY")]
    [InlineData("UNKNOWN_MODEL", "FRAMEWORK_ERROR")] // only in replies
    [InlineData("UNAUTHENTICATED", "FRAMEWORK_ERROR")]
    [InlineData("QUANTUM_DECOHERENCE", "FRAMEWORK_ERROR")]
    public void A_trainer_ends_an_attempt_only_with_a_code_for_failures(string sent, string taken) =>
        Assert.Equal(taken, ErrorCodes.OfTrainerFailure(sent).Code);

    [Theory]
    [InlineData("UNKNOWN_MODEL", "UNKNOWN_MODEL")]
    [InlineData("OUT_OF_MEMORY", "TRAINER_PROTOCOL_ERROR")] // only in failures
    [InlineData("UNAUTHORIZED", "TRAINER_PROTOCOL_ERROR")] // concerns the platform and the trainer alone
    [InlineData("UNAUTHENTICATED", "TRAINER_PROTOCOL_ERROR")]
    [InlineData(null, "TRAINER_PROTOCOL_ERROR")]
    public void A_reply_of_a_trainer_reaches_a_caller_only_with_a_code_for_replies(string? sent, string passed) =>
        Assert.Equal(passed, ErrorCodes.OfTrainerReply(sent).Code);

    [Fact]
    public void A_failure_has_the_suggested_action_of_its_code() =>
        Assert.Equal(ErrorCodes.OutOfMemory.SuggestedAction, Failure.Of(ErrorCodes.OutOfMemory, "needs 3 GB").SuggestedAction);

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Platform.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }

    [GeneratedRegex(@"^    public static readonly ErrorCode \w+ = \w+\(\d+, ""([A-Z0-9_]+)""")]
    private static partial Regex Declaration();
}
