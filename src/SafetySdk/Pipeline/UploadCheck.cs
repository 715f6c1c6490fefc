namespace SafetySdk.Pipeline;

/// <summary>Second stage: what the user uploaded. Known content, who and what is shown, explicit content.</summary>
internal sealed class UploadCheck(ImageExamination examination)
{
    public ValueTask<IReadOnlyList<ExaminedImage>> ExamineAsync(SafetyRequest request, StageBudget budget)
        => examination.ExamineAsync(request.Images, "image", request.Operation, budget);

    public static StageResult Check(IReadOnlyList<ExaminedImage> uploads)
        => uploads.Count == 0 ? StageResult.NothingToCheck : StageResult.Of(uploads);
}
