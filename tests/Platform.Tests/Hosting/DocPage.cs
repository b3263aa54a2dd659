namespace VisionPlatform.Platform.Tests.Hosting;

/// <summary>What a page of the documentation tells people to type.</summary>
internal static class DocPage
{
    /// <summary>The lines of the first block of shell commands below a heading.</summary>
    public static IReadOnlyList<string> Commands(string page, string heading)
    {
        var section = File.ReadLines(Path.Combine(Repository.Root, page)).SkipWhile(line => line != $"## {heading}").Skip(1).TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal));
        string[] commands = [.. section.SkipWhile(line => line != "```bash").Skip(1).TakeWhile(line => line != "```")];
        Assert.True(commands.Length > 0, $"{page} has no commands below '{heading}'.");
        return commands;
    }
}
