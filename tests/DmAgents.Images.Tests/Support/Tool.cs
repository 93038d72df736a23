using System.Diagnostics;

namespace DmAgents.Images.Tests.Support;

/// <summary>Runs a program of the machine (tar, bsdtar, umoci) to its end.</summary>
internal static class Tool
{
    public static string Run(string directory, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(2)), $"{program} does not end");
        Assert.True(process.ExitCode == 0,
            $"{program} {string.Join(' ', arguments)}: {errors.GetAwaiter().GetResult()}");
        return output;
    }

    public static void Shell(string directory, string script) => Run(directory, "/bin/sh", "-ec", script);
}
