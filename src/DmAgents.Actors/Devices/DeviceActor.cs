using Akka.Actor;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Devices;

/// <summary>
/// Does what is to be done to one device, one thing after the other: what happens to different devices happens side by
/// side. Keeps no state of its own: each job carries the record, and each effect looks at what is there.
/// </summary>
/// <remarks>Blocks in kernel calls, therefore on the kernel dispatcher.</remarks>
internal sealed class DeviceActor(IKernel kernel, TimeProvider time) : UntypedActor
{
    public static Props Props(IKernel kernel, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new DeviceActor(kernel, time)).WithDispatcher(ActorsConfig.KernelDispatcher);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case DeviceJobs.CreateBase job:
                Sender.Tell(CreateBase(job));
                break;
            case DeviceJobs.CreateSnapshot job:
                Sender.Tell(Created(job.Pool, job.Device, job.MadeBefore,
                    new CreationEffects(kernel, job.Pool).CreateSnapshot(job.Device, job.Source, job.MadeBefore)));
                break;
            case DeviceJobs.CreateBlank job:
                Sender.Tell(Created(job.Pool, job.Device, job.MadeBefore,
                    new CreationEffects(kernel, job.Pool).CreateBlank(job.Device, job.MadeBefore)));
                break;
            case DeviceJobs.Settle job:
                Sender.Tell(Settle(job));
                break;
            case DeviceJobs.Confirm job:
                Sender.Tell(Confirm(job));
                break;
            case DeviceJobs.Grow job:
                Sender.Tell(new DeviceResults.Grown(
                    job.Device.Id, job.Request, new UseEffects(kernel, job.Pool).Grow(job.Device)));
                break;
            case DeviceJobs.Seal job:
                Sender.Tell(new DeviceResults.Sealed(
                    job.Device.Id, job.Request, new UseEffects(kernel, job.Pool).Seal(job.Device)));
                break;
            case DeviceJobs.Detach job:
                Sender.Tell(new DeviceResults.Detached(
                    job.Device.Id, new DeletionEffects(kernel, job.Pool).Detach(job.Device)));
                break;
            case DeviceJobs.Delete job:
                Sender.Tell(new DeviceResults.Deleted(
                    job.Device.Id, new DeletionEffects(kernel, job.Pool).Begin(
                        job.Device, job.IsOrigin, job.KeyHasSuccessor)));
                break;
            case DeviceJobs.Discard job:
                Sender.Tell(Discard(job));
                break;
            case DeviceJobs.EndDeletion job:
                Sender.Tell(new DeviceResults.Deleted(
                    job.Device.Id, new DeletionEffects(kernel, job.Pool).End(job.Device, job.KeyHasSuccessor)));
                break;
            case DeviceJobs.Trim job:
                Sender.Tell(Trim(job));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private DeviceResults.Created CreateBase(DeviceJobs.CreateBase job)
    {
        var made = new CreationEffects(kernel, job.Pool).CreateBase(job.Device, job.StartAgain);
        return new DeviceResults.Created(job.Device.Id, made, SettledAfter(made, job.Device, job.Pool));
    }

    private DeviceResults.Created Created(PoolContext pool, DeviceRecord device, bool madeBefore, KernelResult made)
    {
        var settled = made.Succeeded && !madeBefore
            ? new UseEffects(kernel, pool).SettleFresh(device)
            : SettledAfter(made, device, pool);
        return new DeviceResults.Created(device.Id, made, settled);
    }

    private KernelResult SettledAfter(KernelResult made, DeviceRecord device, PoolContext pool) =>
        made.Succeeded && device.Use != DeviceUse.Idle
            ? new UseEffects(kernel, pool).Settle(device)
            : KernelResult.Done;

    private DeviceResults.Settled Settle(DeviceJobs.Settle job)
    {
        var result = new UseEffects(kernel, job.Pool).Settle(job.Device, job.Detach);
        var holders = result.FailedWith(KernelFault.Busy) ? HoldersOf(job.Pool, job.Device) : "";
        return new DeviceResults.Settled(job.Device.Id, job.Request, result, holders);
    }

    private DeviceResults.Confirmed Confirm(DeviceJobs.Confirm job)
    {
        var wasSo = new UseEffects(kernel, job.Pool).Confirm(job.Device, job.Detach);
        var holders = wasSo.FailedWith(KernelFault.Busy) ? HoldersOf(job.Pool, job.Device) : "";
        return new DeviceResults.Confirmed(job.Device.Id, job.Request, wasSo, holders);
    }

    private DeviceResults.Discarded Discard(DeviceJobs.Discard job)
    {
        var begun = time.GetTimestamp();
        var result = new DeletionEffects(kernel, job.Pool).Discard(job.Device, job.Piece);
        return new DeviceResults.Discarded(job.Device.Id, time.GetElapsedTime(begun), result);
    }

    private DeviceResults.Trimmed Trim(DeviceJobs.Trim job)
    {
        var begun = time.GetTimestamp();
        var result = new TrimEffects(kernel, job.Pool).Trim(job.Device, job.Start, job.Length);
        return new DeviceResults.Trimmed(job.Device.Id, time.GetElapsedTime(begun), result);
    }

    private string HoldersOf(PoolContext pool, DeviceRecord device)
    {
        var live = kernel.Find(pool.NameOf(device.Id));
        return live.Succeeded && kernel.Holders(live.Value) is { Succeeded: true } holders
            ? HolderText.Of(holders.Value)
            : "";
    }
}
