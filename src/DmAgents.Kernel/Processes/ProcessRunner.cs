using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.Processes;

/// <summary>A system program that the agent runs, and the Debian package that has it.</summary>
internal sealed record SystemProgram(string Name, string DebianPackage)
{
    /// <summary>The program's only variables besides PATH and LC_ALL; null: it inherits the daemon's.</summary>
    public ImmutableDictionary<string, string>? Environment { get; init; }

    private static readonly string[] Folders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin"];

    public static string SearchPath { get; } = string.Join(':', Folders);

    /// <summary>The program's path, or null if it is not installed. Ignores PATH: a daemon's often lacks
    /// sbin.</summary>
    public string? Find() => Folders.Select(folder => $"{folder}/{Name}").FirstOrDefault(File.Exists);

    public KernelError Missing(string subject) => new(KernelFault.NotSupported, 0, Name, subject,
        $"{Name} is not installed; try: apt-get install {DebianPackage}");
}

/// <summary>Runs a program until it exits or reaches a deadline.</summary>
internal sealed class ProcessRunner(TimeSpan deadline)
{
    private const int TailLines = 3;

    /// <summary>The last lines are in the pipes right after the exit, unless a child of the program is still running or
    /// the reading threads are busy.</summary>
    private static readonly TimeSpan OutputPatience = TimeSpan.FromSeconds(5);

    /// <summary>Runs a program with closed standard input. Done if it exits with status 0.</summary>
    /// <returns>NotSupported if the program is not installed; TimedOut if it was killed at the deadline; otherwise
    /// Failed with some of its output.</returns>
    public KernelResult Run(SystemProgram program, string subject, params IEnumerable<string> arguments) =>
        Run(program, subject, yielding: false, arguments);

    /// <summary>As <c>Run</c>, at the lowest CPU priority.</summary>
    public KernelResult RunYielding(SystemProgram program, string subject, params IEnumerable<string> arguments) =>
        Run(program, subject, yielding: true, arguments);

    private KernelResult Run(SystemProgram program, string subject, bool yielding, IEnumerable<string> arguments)
    {
        if (program.Find() is not { } path)
            return program.Missing(subject);
        using var process = ProcessOf(path, program, arguments);
        using var tail = new OutputTail(TailLines, pipes: 2);
        process.OutputDataReceived += (_, line) => tail.Add(line.Data);
        process.ErrorDataReceived += (_, line) => tail.Add(line.Data);
        if (Start(process, program, subject) is { } refused)
            return refused;
        if (yielding)
            Yield(process);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(deadline))
            return Kill(process, program, subject);
        tail.WaitForEnd(OutputPatience);
        return Judge(process, program, subject, tail);
    }

    /// <summary>As <see cref="RunYielding"/>; the program's standard output goes to
    /// <paramref name="output"/>.</summary>
    /// <exception cref="IOException">Writing to <paramref name="output"/> failed; the program was killed.</exception>
    public KernelResult RunInto(
        SystemProgram program, string subject, Stream output, params IEnumerable<string> arguments)
    {
        if (program.Find() is not { } path)
            return program.Missing(subject);
        using var process = ProcessOf(path, program, arguments);
        using var tail = new OutputTail(TailLines, pipes: 1);
        process.ErrorDataReceived += (_, line) => tail.Add(line.Data);
        if (Start(process, program, subject) is { } refused)
            return refused;
        Yield(process);
        process.BeginErrorReadLine();
        using var late = new CancellationTokenSource(deadline);
        using var end = late.Token.Register(() => process.Kill(entireProcessTree: true));
        try
        {
            process.StandardOutput.BaseStream.CopyTo(output);
        }
        catch (IOException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        if (late.IsCancellationRequested || !process.WaitForExit(deadline))
            return Kill(process, program, subject);
        tail.WaitForEnd(OutputPatience);
        return Judge(process, program, subject, tail);
    }

    private static Process ProcessOf(string path, SystemProgram program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(path, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (program.Environment is { } own)
        {
            start.Environment.Clear();
            start.Environment["PATH"] = SystemProgram.SearchPath;
            foreach (var (name, value) in own)
                start.Environment[name] = value;
        }
        start.Environment["LC_ALL"] = "C";
        return new Process { StartInfo = start };
    }

    private static KernelError? Start(Process process, SystemProgram program, string subject)
    {
        try
        {
            process.Start();
        }
        catch (Win32Exception refused)
        {
            return KernelErrors.From(refused.NativeErrorCode, program.Name, subject, refused.Message);
        }
        process.StandardInput.Close();
        return null;
    }

    /// <summary>Lowers the priority below all other processes (nice 19).</summary>
    private static void Yield(Process process)
    {
        try
        {
            process.PriorityClass = ProcessPriorityClass.Idle;
        }
        catch (Exception ended) when (ended is InvalidOperationException or Win32Exception)
        {
            // The process has already ended.
        }
    }

    private static KernelResult Judge(Process process, SystemProgram program, string subject, OutputTail tail) =>
        process.ExitCode == 0
            ? KernelResult.Done
            : new KernelError(KernelFault.Failed, 0, program.Name, subject,
                $"exit status {process.ExitCode}: {tail}") { ExitStatus = process.ExitCode };

    private KernelError Kill(Process process, SystemProgram program, string subject)
    {
        process.Kill(entireProcessTree: true);
        // A process that hangs in the kernel cannot be killed; do not wait for it.
        process.WaitForExit(TimeSpan.FromSeconds(1));
        return new KernelError(KernelFault.TimedOut, 0, program.Name, subject,
            $"not done within {deadline.TotalSeconds:0} s");
    }

    /// <summary>The first and last lines of both of a program's outputs: some programs print the error and then their
    /// usage, others print it at the end.</summary>
    private sealed class OutputTail(int most, int pipes) : IDisposable
    {
        private readonly CountdownEvent _open = new(pipes);
        private readonly List<string> _first = [];
        private readonly Queue<string> _last = new();
        private readonly Lock _lock = new();
        private bool _disposed;
        private bool _isUsage;

        public void Add(string? line)
        {
            if (line is null)
                End();
            if (string.IsNullOrWhiteSpace(line))
                return;
            lock (_lock)
            {
                // The error came before. Usage text helps only a user who typed the command.
                _isUsage |= _first.Count > 0
                    && line.TrimStart().StartsWith("usage:", StringComparison.OrdinalIgnoreCase);
                if (_isUsage)
                    return;
                if (_first.Count < most)
                {
                    _first.Add(line.Trim());
                    return;
                }
                _last.Enqueue(line.Trim());
                if (_last.Count > most)
                    _last.Dequeue();
            }
        }

        public void WaitForEnd(TimeSpan patience) => _open.Wait(patience);

        public void Dispose()
        {
            lock (_lock)
            {
                _disposed = true;
                _open.Dispose();
            }
        }

        public override string ToString()
        {
            lock (_lock)
                return string.Join("; ", [.. _first, .. _last]);
        }

        /// <summary>A pipe may end after the wait for it has timed out.</summary>
        private void End()
        {
            lock (_lock)
            {
                if (!_disposed && !_open.IsSet)
                    _open.Signal();
            }
        }
    }
}
