using System.Text.Json;
using Spectre.Console;
using VisionPlatform.Cli.Demo.Rendering;

namespace VisionPlatform.Cli.Tests.Demo;

public sealed class RenderingTests
{
    [Fact]
    public void A_table_aligns_names_to_the_left_and_numbers_to_the_right() =>
        Assert.Equal(
            [
                "  class        images",
                "  a                 7",
                "  longer name   1,200",
            ],
            Plain(terminal => terminal.Table(Tables.With("class", "images").Row("a", "7").Row("longer name", "1,200"))));

    [Fact]
    public void A_row_with_another_number_of_cells_than_columns_is_an_error() =>
        Assert.Throws<InvalidOperationException>(() => Tables.With("a", "b").Row("one", "two", "three"));

    [Fact]
    public void A_confusion_matrix_shows_true_classes_in_rows_and_dots_for_zero() =>
        Assert.Equal(
            [
                "  true \\ predicted  cat  dog",
                "  cat                12    ·",
                "  dog                 3    9",
            ],
            Plain(terminal => terminal.Table(ConfusionTable.Of(["cat", "dog"], [[12, 0], [3, 9]])!)));

    [Fact]
    public void A_matrix_that_is_too_wide_is_shown_as_its_largest_confusions()
    {
        var classes = Enumerable.Range(0, 30).Select(i => $"c{i}").ToArray();
        var matrix = classes.Select((_, i) => classes.Select((_, j) => i == j ? 5 : 0).ToArray()).ToArray();
        (matrix[4][2], matrix[7][9]) = (1, 3);

        Assert.Equal(
            ["  true  predicted  images", "  c7           c9       3", "  c4           c2       1"],
            Plain(terminal => terminal.Table(ConfusionTable.Of(classes, matrix)!)));
    }

    [Fact]
    public void A_matrix_whose_size_is_not_the_number_of_classes_is_not_drawn() => Assert.Null(ConfusionTable.Of(["a", "b"], [[1, 2]]));

    [Fact]
    public void Progress_shows_state_epoch_loss_accuracy_and_the_time_left()
    {
        var progress = new TrainingProgress { State = "running", Epoch = 2, TotalEpochs = 8, Loss = 0.12345, Accuracy = 0.97, EtaSeconds = 75 };

        Assert.Equal("running  epoch 2/8  loss 0.1235  accuracy 0.9700  ETA 1 min 15 s", progress.ToString());
        Assert.Equal("queued", new TrainingProgress { State = "queued" }.ToString());
    }

    [Fact]
    public async Task Lines_are_written_above_the_progress_line_and_the_end_erases_it()
    {
        var screen = await ScreenAsync(async terminal => await terminal.WhileAsync("uploading", progress =>
        {
            progress.Show("12/50 [stored]", 12, 50);
            terminal.Line($"a line");
            return Task.FromResult(0);
        }));

        Assert.True(screen.LastIndexOf("a line", StringComparison.Ordinal) < screen.LastIndexOf("12/50 [stored]", StringComparison.Ordinal), screen);
        Assert.Contains("━", screen);
        // The last output erases the progress line and shows the cursor again.
        Assert.EndsWith("\e[?25h", screen);
        Assert.Contains("\e[2K", screen[screen.LastIndexOf("12/50", StringComparison.Ordinal)..]);
    }

    [Fact]
    public async Task An_exception_while_progress_is_shown_is_thrown() =>
        await Assert.ThrowsAsync<CommandException>(() => ScreenAsync(terminal => terminal.WhileAsync<int>("uploading", _ => throw new CommandException("no"))));

    [Fact]
    public async Task Without_a_terminal_neither_progress_nor_control_characters_are_written()
    {
        var output = new StringWriter { NewLine = "\n" };
        var terminal = Terminal.On(new AnsiConsoleOutput(output), interactive: false, color: true);

        await terminal.WhileAsync("uploading", progress =>
        {
            progress.Show("12/50 stored", 12, 50);
            terminal.Line("red", "[bad] line");
            return Task.FromResult(0);
        });

        Assert.Equal("  [bad] line\n", output.ToString());
    }

    [Fact]
    public void Without_a_terminal_long_lines_are_not_wrapped() =>
        Assert.Equal(["  " + new string('x', 500)], Plain(terminal => terminal.Line($"{new string('x', 500)}")));

    [Theory]
    [InlineData(true, "  job \e[91m[7]\e[0m\n")]
    [InlineData(false, "  job [7]\n")]
    public async Task Values_are_not_read_as_markup_and_colors_appear_only_where_they_are_wanted(bool color, string expected) =>
        Assert.Equal(expected, await ScreenAsync(terminal =>
        {
            terminal.Line($"job [red]{"[7]"}[/]");
            return Task.CompletedTask;
        }, color));

    [Fact]
    public void Metrics_are_those_that_tell_quality_with_the_best_known_first()
    {
        var metrics = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>("""{"f1":0.5,"loss":0.04123,"note":"x","learning_rate":0.1,"accuracy":0.98}""");

        Assert.Equal("accuracy 0.98, loss 0.0412, f1 0.5", Format.Metrics(metrics));
        Assert.Equal("-", Format.Metrics(null));
    }

    [Theory]
    [InlineData(999, "999 B")]
    [InlineData(371_234, "371.2 kB")]
    [InlineData(44_700_000, "44.7 MB")]
    public void Sizes_use_powers_of_a_thousand(long bytes, string text) => Assert.Equal(text, Format.Size(bytes));

    private static string[] Plain(Action<Terminal> write)
    {
        var output = new StringWriter { NewLine = "\n" };
        write(Terminal.On(new AnsiConsoleOutput(output), interactive: false, color: false));
        return output.ToString().TrimEnd('\n').Split('\n');
    }

    private static async Task<string> ScreenAsync(Func<Terminal, Task> write, bool color = false)
    {
        var output = new StringWriter { NewLine = "\n" };
        await write(Terminal.On(new AnsiConsoleOutput(output), interactive: true, color));
        return output.ToString();
    }
}
