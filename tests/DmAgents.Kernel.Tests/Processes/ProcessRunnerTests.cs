using System.Diagnostics;
using System.Globalization;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Processes;

namespace DmAgents.Kernel.Tests.Processes;

public sealed class ProcessRunnerTests
{
    private static readonly SystemProgram Shell = new("sh", "dash");

    private readonly ProcessRunner _runner = new(TimeSpan.FromMinutes(2));

    [Fact]
    public void A_program_that_ends_well_is_done() =>
        Assert.True(_runner.Run(Shell, "subject", "-c", "exit 0").Succeeded);

    [Fact]
    public void A_program_that_fails_is_quoted()
    {
        var result = _runner.Run(Shell, "/dev/x", "-c", "echo one; echo two >&2; exit 3");

        Assert.Equal((KernelFault.Failed, 0, "sh", "/dev/x"),
            (result.Error!.Fault, result.Error.Errno, result.Error.Operation, result.Error.Subject));
        Assert.StartsWith("exit status 3: ", result.Error.Detail, StringComparison.Ordinal);
        Assert.Contains("one", result.Error.Detail, StringComparison.Ordinal);
        Assert.Contains("two", result.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_much_output_the_first_and_the_last_lines_are_kept()
    {
        const string script = "i=0; while [ $i -lt 5000 ]; do echo line$i; i=$((i+1)); done; exit 1";

        var result = _runner.Run(Shell, "x", "-c", script);

        Assert.Equal("exit status 1: line0; line1; line2; line4997; line4998; line4999", result.Error!.Detail);
    }

    [Fact]
    public void How_a_program_is_used_is_left_out_behind_what_is_wrong()
    {
        const string script = "echo 'Filesystem must be larger than 300MB.' >&2; echo 'Usage: mkfs.xfs' >&2; "
            + "echo '/* blocksize */ [-b size=num]' >&2; exit 1";

        Assert.Equal(
            "exit status 1: Filesystem must be larger than 300MB.",
            _runner.Run(Shell, "x", "-c", script).Error!.Detail);
        Assert.Contains("Usage", _runner.Run(Shell, "x", "-c", "echo Usage: x >&2; exit 1").Error!.Detail,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Standard_input_is_at_its_end() =>
        Assert.True(_runner.Run(new SystemProgram("cat", "coreutils"), "subject").Succeeded);

    [Fact]
    public void A_program_that_does_not_end_is_killed_with_its_children()
    {
        var clock = Stopwatch.StartNew();

        var result = new ProcessRunner(TimeSpan.FromMilliseconds(200)).Run(Shell, "x", "-c", "sleep 900 & sleep 900");

        Assert.Equal(KernelFault.TimedOut, result.Error!.Fault);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(900), $"{clock.Elapsed}");
    }

    [Fact]
    public void A_child_that_lives_on_does_not_hold_up_the_answer()
    {
        var number = Path.GetTempFileName();

        Assert.True(_runner.Run(Shell, "x", "-c", $"sleep 900 & echo $! > {number}; exit 0").Succeeded);

        using var child = Process.GetProcessById(int.Parse(File.ReadAllText(number), CultureInfo.InvariantCulture));
        Assert.False(child.HasExited);
        child.Kill();
        File.Delete(number);
    }

    [Fact]
    public void A_missing_program_is_named_with_its_package()
    {
        var result = _runner.Run(new SystemProgram("no-such-program", "some-package"), "x");

        Assert.Equal(KernelFault.NotSupported, result.Error!.Fault);
        Assert.Contains("apt-get install some-package", result.Error.Detail, StringComparison.Ordinal);
    }
}
