using Spectre.Console;
using Spectre.Console.Rendering;

namespace VisionPlatform.Cli.Demo.Rendering;

/// <summary>
/// Writes lines and tables, and on an interactive terminal one progress line below them that is drawn again in place. Elsewhere
/// everything is plain text without colors, lines are not wrapped, and progress is not written: what matters is also written as a line.
/// </summary>
internal sealed class Terminal(IAnsiConsole console)
{
    /// <summary>Wide enough that no line is wrapped.</summary>
    private const int PlainWidth = 10_000;

    private const int Indent = 2;
    private const int BarWidth = 20;

    /// <summary>Whether a progress line is drawn.</summary>
    public bool Interactive => console.Profile.Capabilities is { Ansi: true, Interactive: true };

    /// <summary>A terminal on stdout, or on stderr if stdout shall contain only the JSON line.</summary>
    public static Terminal Open(bool jsonOnly)
    {
        var output = new AnsiConsoleOutput(jsonOnly ? Console.Error : Console.Out);
        return On(output, interactive: output.IsTerminal && Settings.Optional("TERM") is not (null or "dumb"), color: Settings.Optional("NO_COLOR") is null);
    }

    /// <summary>A terminal with exactly these abilities, whatever the environment says.</summary>
    public static Terminal On(IAnsiConsoleOutput output, bool interactive, bool color)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = output,
            Ansi = interactive ? AnsiSupport.Yes : AnsiSupport.No,
            Interactive = interactive ? InteractionSupport.Yes : InteractionSupport.No,
            ColorSystem = interactive && color ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        console.Profile.Capabilities.Unicode = true;
        if (!interactive)
            console.Profile.Width = PlainWidth;
        return new Terminal(console);
    }

    /// <summary>Writes an indented line. The text is Spectre markup (<c>[dim]…[/]</c>); values in it are written literally.</summary>
    public void Line(FormattableString text) => Indented(Markup.FromInterpolated(text));

    /// <summary>Writes an indented line in one style, for example <c>red</c>. The text is written literally.</summary>
    public void Line(string style, string text) => Indented(new Text(text, Style.Parse(style)));

    /// <summary>Writes an empty line and a title.</summary>
    public void Heading(string text)
    {
        console.WriteLine();
        console.MarkupLineInterpolated($"[bold]{text}[/]");
    }

    /// <param name="table">From <see cref="Tables.With"/>.</param>
    /// <param name="depth">How often it is indented.</param>
    public void Table(Grid table, int depth = 1)
    {
        table.Columns[0].Padding = new Padding(depth * Indent, 0, 0, 0);
        console.Write(table);
    }

    public void EmptyLine() => console.WriteLine();

    // Wrapped lines are indented too.
    private void Indented(IRenderable text) => console.Write(new Padder(text, new Padding(Indent, 0, 0, 0)));

    /// <summary>Draws a progress line while the work runs and removes it afterwards.</summary>
    /// <param name="what">First text of the progress line.</param>
    /// <param name="work">May write lines and change the progress line.</param>
    public async Task<T> WhileAsync<T>(string what, Func<ProgressLine, Task<T>> work)
    {
        if (!Interactive)
            return await work(new ProgressLine(null));
        return await console.Progress().AutoClear(true).Columns(
                new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = BarWidth })
            .StartAsync(async progress =>
            {
                var line = new ProgressLine(progress.AddTask(what));
                line.Show(what);
                return await work(line);
            });
    }
}

/// <summary>The progress line of <see cref="Terminal.WhileAsync"/>.</summary>
/// <param name="task">Null when nothing is drawn.</param>
internal sealed class ProgressLine(ProgressTask? task)
{
    /// <param name="text">As it is, without markup.</param>
    /// <param name="done">How much of <paramref name="total"/> is done.</param>
    /// <param name="total">Zero when unknown.</param>
    public void Show(string text, double done = 0, double total = 0)
    {
        if (task is null)
            return;
        task.Description = Markup.Escape(text);
        task.IsIndeterminate = total <= 0;
        task.MaxValue = total > 0 ? total : 1;
        task.Value = total > 0 ? done : 0;
    }
}
