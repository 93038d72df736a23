using System.Text.Json;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Shell;
using Google.Protobuf;
using Spectre.Console;

namespace DmAgents.Cli.Output;

/// <summary>Tables, trees and progress.</summary>
internal sealed class PeopleOutput(CliEnvironment environment, IAnsiConsole console) : IOutput
{
    public void Document(IMessage document, Action<IAnsiConsole> people, params IEnumerable<string> names) =>
        people(console);

    public void Document(Action<Utf8JsonWriter> json, string text) => environment.Out.Write(text);

    public void Item(IMessage item, Action<IAnsiConsole> people, string name)
    {
        people(console);
        environment.Out.Flush();
    }

    public void Notice(IMessage item, string text)
    {
        Warning(text);
        environment.Error.Flush();
    }

    public void Progress(IMessage progress, string text)
    {
        environment.Out.WriteLine(text);
        environment.Out.Flush();
    }

    public Task<T> TransferAsync<T>(Func<Action<Transfer>, Task<T>> body) => environment.OutIsTerminal
        ? WithBarAsync(body)
        : body(new TransferLines(environment).Report);

    public void Warning(string text) => environment.Error.WriteLine($"dmagent: warning: {text}");

    public void Failure(Problem problem, int exitCode) => FailureText.Write(environment.Error, problem);

    private Task<T> WithBarAsync<T>(Func<Action<Transfer>, Task<T>> body) => console.Progress()
        .AutoClear(true)
        .Columns(
            new TaskDescriptionColumn { Alignment = Justify.Left },
            new ProgressBarColumn(),
            new PercentageColumn(),
            new DownloadedColumn { Base = FileSizeBase.Binary },
            new TransferSpeedColumn { Base = FileSizeBase.Binary },
            new RemainingTimeColumn())
        .StartAsync(context =>
        {
            var task = context.AddTask("starting", maxValue: 1);
            task.IsIndeterminate = true;
            return body(transfer =>
            {
                task.Description = Markup.Escape(transfer.Text);
                task.IsIndeterminate = transfer.TotalBytes == 0;
                // The bar freezes once its value reaches the maximum, so without a known total the maximum stays ahead.
                task.MaxValue = transfer.TotalBytes == 0 ? transfer.DoneBytes + 1d : transfer.TotalBytes;
                task.Value = transfer.DoneBytes;
            });
        });
}
