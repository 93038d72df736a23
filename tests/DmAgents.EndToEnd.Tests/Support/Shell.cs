using System.Diagnostics;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>What a program wrote, and how it ended.</summary>
internal sealed record Finished(int Status, string Output, string Errors)
{
    public override string ToString() => $"status {Status}: {Output.Trim()} {Errors.Trim()}".TrimEnd();
}

/// <summary>Runs programs to their end; processes are dear in the lab, so few.</summary>
internal static class Shell
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    public static async Task<Finished> Run(string program, params string[] arguments)
    {
        using var process = Process.Start(Info(program, arguments))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not end within {Deadline.TotalSeconds} s");
        }
        return new Finished(process.ExitCode, await output, await errors);
    }

    /// <summary>Runs it, and fails where it does.</summary>
    public static async Task<string> Must(string program, params string[] arguments)
    {
        var finished = await Run(program, arguments);
        Assert.True(finished.Status == 0, $"{program} {string.Join(' ', arguments)}: {finished}");
        return finished.Output;
    }

    /// <summary>With what programs of .NET need to find their runtime.</summary>
    public static ProcessStartInfo Info(string program, params string[] arguments)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        if (Path.GetFileName(Environment.ProcessPath) == "dotnet")
            info.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(new FileInfo(Environment.ProcessPath!)
                .ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Environment.ProcessPath!);
        return info;
    }
}
